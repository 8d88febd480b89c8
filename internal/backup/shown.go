// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
)

// What a tool sees of its own.
const (
	loginFolder = "/login"
	emptyFolder = "/empty"
)

// loginFile is where it finds its login.
var loginFile = filepath.Join(loginFolder, galera.ToolLogin)

// confined is how a tool runs: the server tells it which libraries to load and which files to read, so that it has nothing
// of the host but what the server has already. Root is who it is for the server (unix_socket), and for the files that it
// reads; over TCP it needs neither.
func (r *running) confined(c *galera.Client) (process.ChildOptions, error) {
	o := process.ChildOptions{Place: r.tool.place, Confined: &process.Confinement{Write: r.tool.folders, Temporary: emptyFolder}}
	socket := ""
	if c.Reached().Via != "socket" {
		o.Owner, o.Confined.Network = process.Apart, true
	} else {
		socket = c.SocketPath()
		reached, err := os.Stat(socket)
		if err != nil {
			return o, err
		}
		if !r.tool.place.Host() {
			socket = r.server.Socket
		}
		o.Confined.Sockets = map[string]fs.FileInfo{socket: reached}
	}
	for _, folder := range pluginFolders {
		for _, name := range galera.ShowingPlugins {
			o.Confined.Hidden = append(o.Confined.Hidden, filepath.Join(folder, name))
		}
	}
	files, err := c.ToolFiles(socket, loginFolder, pluginFolder(r.tool.place))
	o.Confined.Files = files
	return o, err
}

// pluginFolders are where Red Hat, SUSE and Debian have the plugins of clients.
var pluginFolders = []string{
	"/usr/lib64/mysql/plugin", "/usr/lib64/mariadb/plugin", "/usr/lib/mysql/plugin",
	"/usr/lib/x86_64-linux-gnu/libmariadb3/plugin", "/usr/lib/x86_64-linux-gnu/mariadb19/plugin",
	"/usr/lib/aarch64-linux-gnu/libmariadb3/plugin", "/usr/lib/aarch64-linux-gnu/mariadb19/plugin",
}

// pluginFolder is the one with the plugin for ed25519; empty where none has it.
func pluginFolder(at process.Place) string {
	for _, folder := range pluginFolders {
		if _, err := at.Stat(filepath.Join(folder, galera.SigningPlugin)); err == nil {
			return folder
		}
	}
	return ""
}

// showData lets a tool see the server's files.
func (r *running) showData(ctx context.Context, c *galera.Client, to *process.Confinement) (err error) {
	if to.Reader, err = process.OwnerOf(c.PeerPID()); err != nil {
		return fmt.Errorf("find the server's user: %w", err)
	}
	named, err := c.FilePaths(ctx)
	if err != nil {
		return err
	}
	o, err := lookOutside(r.tool.place, r.server.Datadir)
	if err != nil {
		return err
	}
	to.Data, to.Copies = slices.Concat([]string{r.server.Datadir}, named, o.folders()), o.links
	return nil
}

// outside is what lies outside of a datadir and holds data of it: what its links lead to, and the tables with DATA
// DIRECTORY, which InnoDB notes in a file beside them. mariadb-backup opens that for writing, and writes nothing.
//
//	nova/instances.isl: /srv/fast/nova/instances.ibd
type outside struct {
	at      process.Place
	datadir string
	found   map[string]bool
	links   map[string][]byte // those files' contents, by their paths
}

// maxOutside bounds what leads outside of the datadir, of which each is a mount.
const maxOutside = 1000

func lookOutside(at process.Place, datadir string) (*outside, error) {
	o := &outside{at: at, datadir: datadir, found: map[string]bool{}, links: map[string][]byte{}}
	seen, err := at.Resolve(datadir)
	if err != nil {
		return nil, fmt.Errorf("read the datadir: %w", err)
	}
	err = filepath.WalkDir(seen+"/", func(path string, e fs.DirEntry, err error) error {
		if err == nil && len(o.found)+len(o.links) > maxOutside {
			err = fmt.Errorf("more than %d links of it lead elsewhere", maxOutside)
		}
		if err == nil {
			name, _ := filepath.Rel(seen, path)
			err = o.look(path, name, e.Type())
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // dropped meanwhile
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the datadir %s: %w", datadir, err)
	}
	return o, nil
}

// look looks at one name of the datadir. path leads there from here.
func (o *outside) look(path, name string, mode fs.FileMode) error {
	switch {
	case mode&fs.ModeSymlink != 0:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(o.datadir, filepath.Dir(name), to)
		}
		o.add(to)
	case mode.IsRegular() && filepath.Ext(name) == ".isl":
		inside := filepath.Join(o.datadir, name)
		noted, err := readNote(o.at, inside)
		if err != nil {
			return err
		}
		o.links[inside] = noted
		if to := strings.TrimRight(string(noted), "\r\n\x00 "); filepath.IsAbs(to) {
			o.add(to)
		}
	}
	return nil
}

// add takes the folder that a path is, or is in.
func (o *outside) add(path string) {
	if info, err := o.at.Stat(path); err == nil && !info.IsDir() {
		path = filepath.Dir(path)
	} else if err != nil {
		return // it leads nowhere, or was dropped meanwhile
	}
	o.found[filepath.Clean(path)] = true
}

func (o *outside) folders() []string { return slices.Sorted(maps.Keys(o.found)) }

// longestPath is the most that a path can have.
const longestPath = 4096

// readNote reads a file that holds a path.
func readNote(at process.Place, path string) ([]byte, error) {
	f, err := at.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, longestPath))
}
