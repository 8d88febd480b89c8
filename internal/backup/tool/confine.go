// SPDX-License-Identifier: GPL-3.0-or-later

package tool

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
	"syscall"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/process"
)

// Paths that a confined tool sees.
const (
	loginFolder = "/login"
	emptyFolder = "/empty"
)

// loginFile is where it finds its login.
var loginFile = filepath.Join(loginFolder, mariadb.ToolLogin)

// Confine returns how a tool runs (serverSocket is the socket as the server names it): the server tells it which
// libraries to load and which files to read, so that it sees nothing of the host except what the server already sees.
// It is root for the server (unix_socket) and for the files that it reads; over TCP it needs neither.
func Confine(c *mariadb.Client, t Tool, serverSocket string) (process.ChildOptions, error) {
	o := process.ChildOptions{Place: t.Place, Confined: &confine.Confinement{Write: t.Folders, Temporary: emptyFolder}}
	socket := ""
	if c.Reached().Via != "socket" {
		o.Owner, o.Confined.Network = process.Apart, true
	} else {
		socket = c.SocketPath()
		reached, err := reachedSocket(c)
		if err != nil {
			return o, err
		}
		if !t.Place.Host() {
			socket = serverSocket
		}
		o.Confined.Sockets = map[string]fs.FileInfo{socket: reached}
	}
	for _, folder := range pluginFolders {
		for _, name := range mariadb.ShowingPlugins {
			o.Confined.Hidden = append(o.Confined.Hidden, filepath.Join(folder, name))
		}
	}
	files, err := c.ToolFiles(socket, loginFolder, PluginFolder(t.Place))
	o.Confined.Files = files
	return o, err
}

// reachedSocket is the server's socket, and not a file that has replaced it since.
func reachedSocket(c *mariadb.Client) (fs.FileInfo, error) {
	info, err := os.Lstat(c.SocketPath())
	if err == nil && (info.Mode().Type() != fs.ModeSocket || !owns(c.PeerOwner(), info)) {
		err = fmt.Errorf("%s is not the server's socket any more", c.SocketPath())
	}
	return info, err
}

func owns(owner process.Owner, info fs.FileInfo) bool {
	return int(info.Sys().(*syscall.Stat_t).Uid) == owner.UID
}

// pluginFolders are where Red Hat, SUSE and Debian have the plugins of clients.
var pluginFolders = []string{
	"/usr/lib64/mysql/plugin", "/usr/lib64/mariadb/plugin", "/usr/lib/mysql/plugin",
	"/usr/lib/x86_64-linux-gnu/libmariadb3/plugin", "/usr/lib/x86_64-linux-gnu/mariadb19/plugin",
	"/usr/lib/aarch64-linux-gnu/libmariadb3/plugin", "/usr/lib/aarch64-linux-gnu/mariadb19/plugin",
}

// PluginFolder returns the folder with the plugin for ed25519; empty if there is none.
func PluginFolder(at process.Place) string {
	for _, folder := range pluginFolders {
		if _, err := at.Stat(filepath.Join(folder, mariadb.SigningPlugin)); err == nil {
			return folder
		}
	}
	return ""
}

// ShowData lets a tool see the server's files. leftovers are tables of an ALTER TABLE that did not end.
func ShowData(ctx context.Context, c *mariadb.Client, at process.Place, datadir string, to *confine.Confinement) (
	leftovers []string, err error) {
	to.Reader = c.PeerOwner()
	named, err := c.FilePaths(ctx)
	if err != nil {
		return nil, err
	}
	o, err := findOutside(ctx, at, datadir, to.Reader)
	if err != nil {
		return nil, err
	}
	to.Data, to.Copies = slices.Concat([]string{datadir}, named, o.folders()), o.links
	return o.leftovers, nil
}

// outsideData lists what is outside of a datadir and contains data of it: the targets of its links, and the tables with
// DATA DIRECTORY, which InnoDB records in a file next to them. mariadb-backup opens that file for writing, and writes
// nothing.
//
//	nova/instances.isl: /srv/fast/nova/instances.ibd
type outsideData struct {
	at      process.Place
	datadir string
	reader  process.Owner
	found   map[string]bool
	links   map[string][]byte // those files' contents, by their paths
	// leftovers are the first tables left by an ALTER TABLE: #sql-1a2b_3.frm, of 10.6 and later #sql-alter-1a2b-3.frm.
	leftovers []string
}

// maxOutside limits the links that lead outside of the datadir, of which each is a mount.
const maxOutside = 1000

func findOutside(ctx context.Context, at process.Place, datadir string, reader process.Owner) (*outsideData, error) {
	o := &outsideData{at: at, datadir: datadir, reader: reader, found: map[string]bool{}, links: map[string][]byte{}}
	seen, err := at.Resolve(datadir)
	if err != nil {
		return nil, fmt.Errorf("read the datadir: %w", err)
	}
	err = filepath.WalkDir(seen+"/", func(path string, e fs.DirEntry, err error) error {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil && len(o.found)+len(o.links) > maxOutside {
			err = fmt.Errorf("more than %d links of it lead elsewhere", maxOutside)
		}
		if err == nil {
			name, _ := filepath.Rel(seen, path)
			err = o.visit(path, name, e.Type())
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // dropped in the meantime
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the datadir %s: %w", datadir, err)
	}
	return o, nil
}

// visit checks one name of the datadir. path is its path from here.
func (o *outsideData) visit(path, name string, mode fs.FileMode) error {
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
		noted, err := o.readNote(inside)
		if err != nil {
			return err
		}
		o.links[inside] = noted
		if to := strings.TrimRight(string(noted), "\r\n\x00 "); filepath.IsAbs(to) {
			o.add(to)
		}
	case mode.IsRegular() && strings.HasPrefix(filepath.Base(name), "#sql") && len(o.leftovers) <= excerpt.MostNames:
		o.leftovers = append(o.leftovers, name)
	}
	return nil
}

// add records the folder that a path is, or is in.
func (o *outsideData) add(path string) {
	info, err := o.at.Stat(path)
	if err == nil && !info.IsDir() {
		path = filepath.Dir(path)
		info, err = o.at.Stat(path)
	}
	// It leads nowhere, was dropped, or contains no data of the server: a link to a log, a certificate or a socket.
	if err != nil || !owns(o.reader, info) {
		return
	}
	o.found[filepath.Clean(path)] = true
}

func (o *outsideData) folders() []string { return slices.Sorted(maps.Keys(o.found)) }

// longestPath is the maximum length of a path.
const longestPath = 4096

// readNote reads a file that contains a path.
func (o *outsideData) readNote(path string) ([]byte, error) {
	f, err := o.at.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// By now it may be a link to a file of root.
	if info, err := f.Stat(); err != nil || !owns(o.reader, info) {
		return nil, errors.Join(fmt.Errorf("%s is not of user %d", path, o.reader.UID), err)
	}
	return io.ReadAll(io.LimitReader(f, longestPath))
}
