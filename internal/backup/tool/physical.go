// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/xbstream"
)

// The small files of a stream that are read. Versions from 11 on call all except the first mariadb_backup_*.
const (
	serverOptions = "backup-my.cnf"
	galeraInfo    = "galera_info"
	checkpoints   = "checkpoints"
	backupInfo    = "info"
	binlogInfo    = "binlog_info" // only of a server with a binary log
)

func ownFile(prefix, name string) string { return prefix + "_" + name }

var prefixes = []string{"xtrabackup", "mariadb_backup"}

// PhysicalArgs returns the tool's arguments. log-copy-interval is in milliseconds: with the default of 1000 every
// commit of the node waits for up to a second while the last locks are held. Nothing is put into the empty folder, but
// the tool requires one. The tool has the files of all tables open at once, and over ssh a program usually gets 1024.
func PhysicalArgs(datadir string) []string {
	return []string{
		"--defaults-file=" + loginFile,
		"--backup", "--stream=xbstream", "--galera-info", "--log-copy-interval=20",
		fmt.Sprintf("--open-files-limit=%d", OpenFiles()),
		"--datadir=" + datadir, "--target-dir=" + emptyFolder, "--tmpdir=" + emptyFolder,
	}
}

// OpenFiles is how many files the tool may have open: the hard limit, because if the option is larger the tool stays at
// the soft one.
func OpenFiles() uint64 {
	const enough = 65535
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return enough
	}
	return min(limit.Max, enough)
}

// physical checks a stream of mariadb-backup.
type physical struct {
	Stream  *xbstream.Checker
	summary xbstream.Summary
	// Uuid and seqno are the wsrep position that the tool found while it held the last lock.
	Uuid  string
	Seqno int64
}

// NewPhysical returns a check of a stream.
func NewPhysical() *physical {
	keep := []string{serverOptions}
	for _, prefix := range prefixes {
		for _, name := range []string{galeraInfo, checkpoints, backupInfo, binlogInfo} {
			keep = append(keep, ownFile(prefix, name))
		}
	}
	return &physical{Stream: xbstream.NewChecker(keep...)}
}

// Finish proves that the stream is complete: the tool's last line, the end of the stream, the files that it must
// contain.
func (p *physical) Finish(stderr string) (err error) {
	if last := lastLine(stderr); !strings.HasSuffix(last, "completed OK!") {
		return fmt.Errorf("the backup tool ended without \"completed OK!\"; its last line is %q", last)
	}
	if p.summary, err = p.Stream.Finish(); err != nil {
		return err
	}
	if err := p.checkFiles(); err != nil {
		return fmt.Errorf("the stream is not a complete backup: %w", err)
	}
	p.Uuid, p.Seqno, err = parseGaleraInfo(p.own(galeraInfo))
	return err
}

// own returns the content of one of the tool's own files, nil if it was not in the stream.
func (p *physical) own(name string) []byte {
	for _, prefix := range prefixes {
		if b := p.Stream.Kept(ownFile(prefix, name)); b != nil {
			return b
		}
	}
	return nil
}

// checkFiles checks for what a restore needs: the system tablespace under the names that the server configures, the
// redo log, and the tool's own files, the last of which closes the stream.
func (p *physical) checkFiles() error {
	options := p.Stream.Kept(serverOptions)
	if options == nil {
		return errors.New(serverOptions + " is missing")
	}
	for _, name := range append(systemTablespace(options), "ib_logfile0") {
		if !p.Stream.Ended(name) {
			return errors.New(name + " is missing")
		}
	}
	for _, name := range []string{galeraInfo, checkpoints, backupInfo} {
		if p.own(name) == nil {
			return fmt.Errorf("%s is missing", ownFile(prefixes[0], name))
		}
	}
	if kind := setting(p.own(checkpoints), "backup_type"); kind != "full-backuped" {
		return fmt.Errorf("backup_type is %q, not full-backuped", kind)
	}
	if partial := setting(p.own(backupInfo), "partial"); partial != "N" {
		return fmt.Errorf("partial is %q, not N: some databases or tables were left out", partial)
	}
	return nil
}

// systemTablespace returns the files of innodb_data_file_path: "ibdata1:12M;/srv/ibdata2:1G:autoextend".
func systemTablespace(options []byte) []string {
	value := setting(options, "innodb_data_file_path")
	if value == "" {
		return []string{"ibdata1"}
	}
	var names []string
	for file := range strings.SplitSeq(value, ";") {
		name, _, _ := strings.Cut(file, ":")
		names = append(names, path.Base(strings.TrimSpace(name)))
	}
	return names
}

// setting finds "key = value" in one of the tool's files.
func setting(content []byte, key string) string {
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		k, v, found := strings.Cut(lines.Text(), "=")
		if found && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// parseGaleraInfo reads xtrabackup_galera_info: "uuid:seqno", and from 10.5 on a space and wsrep_gtid_domain_id.
//
//	0bf81e81-e6a9-11f1-aab7-6f76032d5070:4 0
func parseGaleraInfo(content []byte) (uuid string, seqno int64, err error) {
	position, _, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
	uuid, number, found := strings.Cut(position, ":")
	seqno, err = strconv.ParseInt(number, 10, 64)
	if !found || err != nil || len(uuid) != 36 || seqno < 0 || strings.Trim(uuid, "0-") == "" {
		return "", 0, fmt.Errorf("xtrabackup_galera_info holds no wsrep position: %q", excerpt.Of(string(content)))
	}
	return uuid, seqno, nil
}

// parseBinlogInfo finds the GTID position in xtrabackup_binlog_info: name and length of the last binary log, GTIDs.
//
//	mariadb-bin.000003	371	0-7-151
func parseBinlogInfo(content []byte) string {
	fields := strings.Fields(string(content))
	if len(fields) < 3 {
		return ""
	}
	return fields[2]
}

func (p *physical) Describe(m *repository.Manifest) {
	m.Stream = &repository.Stream{Files: p.summary.Files, Chunks: p.summary.Chunks, Bytes: p.summary.Bytes}
	m.Position.UUID, m.Position.Seqno, m.Position.SeqnoEnd = p.Uuid, p.Seqno, p.Seqno
	m.Position.GTID = parseBinlogInfo(p.own(binlogInfo))
	m.Position.Meaning = "the state of this node at exactly this position"
	m.Restore = []string{
		"zstd -d -c " + PhysicalFile + " | mbstream -x -C EMPTY_DIRECTORY",
		"mariadb-backup --prepare --target-dir=EMPTY_DIRECTORY",
		"chown -R mysql: EMPTY_DIRECTORY, then move it in place of the datadir of a stopped server",
	}
}

// PhysicalFile is the stream in a physical set.
const PhysicalFile = "backup.xbstream.zst"
