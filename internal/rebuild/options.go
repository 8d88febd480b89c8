// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
	"syscall"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/safefile"
)

// optionsFile is the option file that mariadb-backup writes into a backup.
const optionsFile = "backup-my.cnf"

// maxOptions limits that file, which has a few lines.
const maxOptions = 1 << 20

// setting is an option of a backup's own option file that may be used: the form of its value, and whether a server
// needs it to read the files of another server.
type setting struct {
	value  *regexp.Regexp
	server bool
}

var (
	numeral  = regexp.MustCompile(`^[0-9]{1,15}[KMG]?$`)
	plain    = regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`)
	datafile = regexp.MustCompile(`^[A-Za-z0-9_.:;/-]{1,1000}$`)
)

// settings are the only options of backup-my.cnf that are trusted. mariadb-backup obeys the file when it prepares, even
// if it names a plugin to load or a folder elsewhere.
var settings = map[string]setting{
	"innodb_page_size":          {numeral, true},
	"innodb_data_file_path":     {datafile, true},
	"innodb_undo_tablespaces":   {numeral, true},
	"innodb_checksum_algorithm": {plain, true},
	"innodb_log_files_in_group": {numeral, false},
	"innodb_log_file_size":      {numeral, false},
	"innodb_log_block_size":     {numeral, false},
	"innodb_compression_level":  {numeral, false},
	"innodb_fast_checksum":      {plain, false},
}

// harmless options are ignored without a warning: they name what the backup has in its own folder.
var harmless = map[string]bool{"innodb_undo_directory": true, "innodb_buffer_pool_filename": true}

// backupOptions parses a backup's own option file. It returns the part that may stay, arguments for a server, and the
// names of the options that were dropped. Paths are cut to their last element: the backup has all files in one folder.
func backupOptions(file []byte) (kept string, args, dropped []string, err error) {
	kept = "[mysqld]\n"
	for lines := bufio.NewScanner(bytes.NewReader(file)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == ';' || line == "[mysqld]" {
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		key = strings.ReplaceAll(strings.TrimSpace(key), "-", "_")
		known, may := settings[key]
		switch {
		case harmless[key] || may && value == "":
			continue
		case !may:
			dropped = append(dropped, fmt.Sprintf("%.60q", key))
			continue
		case !known.value.MatchString(value):
			return "", nil, nil, fmt.Errorf("%s: the value %.60q of %s is not valid", optionsFile, value, key)
		}
		if key == "innodb_data_file_path" {
			value = baseNames(value)
		}
		kept += key + "=" + value + "\n"
		if known.server {
			args = append(args, "--"+strings.ReplaceAll(key, "_", "-")+"="+value)
		}
	}
	return kept, args, dropped, nil
}

// baseNames removes the folders from "ibdata1:12M;/srv/ibdata2:1G:autoextend".
func baseNames(value string) string {
	files := strings.Split(value, ";")
	for i, file := range files {
		name, rest, _ := strings.Cut(file, ":")
		files[i] = path.Base(strings.TrimSpace(name)) + ":" + rest
	}
	return strings.Join(files, ";")
}

// errNoOptions means that a backup lacks its option file.
var errNoOptions = errors.New("the stream holds no " + optionsFile)

// cleanOptions replaces a backup's option file with the part that may stay. The folder belongs to another user, so it
// follows no link and waits for nothing.
func cleanOptions(datadir string, owner process.Owner) (args, dropped []string, err error) {
	inside, err := os.OpenRoot(datadir)
	if err != nil {
		return nil, nil, err
	}
	defer inside.Close()
	content, err := safefile.ReadIn(inside, optionsFile, maxOptions)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errNoOptions, err)
	}
	kept, args, dropped, err := backupOptions(content)
	if err != nil {
		return nil, nil, err
	}
	if err := inside.Remove(optionsFile); err != nil {
		return nil, nil, err
	}
	f, err := inside.OpenFile(optionsFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, nil, err
	}
	_, err = f.WriteString(kept)
	return args, dropped, errors.Join(err, f.Chown(owner.UID, owner.GID), f.Close())
}
