// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
)

// programs are the server's own programs by purpose, the current name first. Some are in folders that are not in PATH.
var programs = map[string][]string{
	"server":  {"mariadbd", "mysqld"},
	"install": {"mariadb-install-db", "mysql_install_db"},
	"prepare": {"mariadb-backup", "mariabackup"},
	"unpack":  {"mbstream"},
}

// needs are the programs that a method needs.
var needs = map[string][]string{
	"physical": {"server", "prepare", "unpack"},
	"logical":  {"server", "install"},
}

// Tools are the programs that a restore runs, by purpose.
type Tools struct {
	Paths map[string]string `json:"paths"`
	// Version of the server, x.y.z.
	Version string `json:"version"`
	// Image is what contains them; empty on the host itself.
	Image string `json:"image,omitempty"`
	// Place is where they run when their versions are read.
	Place process.Place `json:"-"`
	// Plugins is the folder of the server's plugins, if that of ed25519 is in it.
	Plugins string `json:"-"`
}

// folders are where packages of the server put their programs, in addition to the system's folders.
var folders = []string{"/usr/libexec", "/usr/local/sbin", "/usr/local/bin", "/usr/local/mysql/bin",
	"/usr/local/mysql/scripts"}

// FindProgram finds one of the server's own programs by purpose: server, install, prepare or unpack.
func FindProgram(at process.Place, what string) (string, error) {
	return at.Find(programs[what], folders...)
}

// FindTools finds the programs for a method, and refuses programs of another series than that of the server that was
// backed up: only the same series reads its files, and only there is the fingerprint of a schema the same.
func FindTools(ctx context.Context, at process.Place, method, server string) (Tools, error) {
	t := Tools{Paths: map[string]string{}, Place: at}
	for _, what := range needs[method] {
		path, err := FindProgram(at, what)
		if err != nil {
			return t, err
		}
		t.Paths[what] = path
	}
	want := galera.Release(server)
	if want == "" {
		return t, fmt.Errorf("the set is of the server %q, which is not MariaDB", excerpt.Of(server))
	}
	for _, what := range []string{"server", "prepare"} {
		if t.Paths[what] == "" {
			continue
		}
		version, err := t.askVersion(ctx, what)
		if err != nil {
			return t, err
		}
		if galera.Series(version) != galera.Series(want) {
			return t, fmt.Errorf("%s is of version %s, and the set of %s: only the same series reads it; take a host"+
				" that has it", t.Paths[what], version, want)
		}
		if what == "server" {
			t.Version = version
		}
	}
	return t, t.askPlugins(ctx)
}

func (t *Tools) askVersion(ctx context.Context, what string) (string, error) {
	out, err := t.ask(ctx, what, "--version")
	version := galera.Release(string(out))
	if err == nil && version == "" {
		err = fmt.Errorf("%s is not MariaDB's: --version says %q", t.Paths[what], excerpt.Of(string(out)))
	}
	return version, err
}

// ask runs a program that only describes itself. mariadb-backup does so on standard error.
func (t *Tools) ask(ctx context.Context, what string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	path := t.Paths[what]
	var out, printed bytes.Buffer
	o := process.ChildOptions{Place: t.Place, Stdout: &out, Stderr: &printed, Confined: &confine.Confinement{}}
	err := o.Run(ctx, path, args...)
	return append(out.Bytes(), printed.Bytes()...), err
}

// Signing is the plugin for accounts that log in by ed25519, which director can use for all accounts. It is loaded by
// an option file, and the scratch server reads none.
const Signing = "auth_ed25519"

var pluginFolder = regexp.MustCompile(`(?m)^plugin-dir +(/\S+)$`)

// askPlugins checks whether the server has the plugin.
func (t *Tools) askPlugins(ctx context.Context) error {
	help, err := t.ask(ctx, "server", "--no-defaults", "--verbose", "--help")
	var exit *process.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	if found := pluginFolder.FindSubmatch(help); found != nil {
		folder := string(found[1])
		if _, err := t.Place.Stat(filepath.Join(folder, Signing+".so")); err == nil {
			t.Plugins = folder
		}
	}
	return nil
}

// Plugins copies the plugin for the scratch server, which can load no other, and returns the arguments that load it.
func (s *Folder) Plugins(t Tools) ([]string, error) {
	if t.Plugins == "" {
		return nil, nil
	}
	content, err := s.readPlugin(filepath.Join(t.Plugins, Signing+".so"))
	if err == nil {
		at := s.Path(filepath.Join(pluginsName, Signing+".so"))
		err = errors.Join(os.WriteFile(at, content, 0o644), os.Chmod(at, 0o644))
	}
	if err != nil {
		return nil, fmt.Errorf("scratch: copy the plugin: %w", err)
	}
	return []string{"--plugin-load-add=" + Signing}, nil
}

// maxPlugin limits a login plugin, which has some tens of kilobytes.
const maxPlugin = 16 << 20

func (s *Folder) readPlugin(path string) ([]byte, error) {
	f, err := s.place().Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxPlugin))
}
