// SPDX-License-Identifier: GPL-3.0-or-later

// Package tool knows the programs that read a server's data: which one suits it, what it may see of this host, which
// locks of the server it holds while it reads, and whether its output is complete. The output is stored in one pass.
package tool

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
)

// Method is how the data is read.
type Method string

// Auto is Physical if the server's own backup tool of the server's own version is installed, otherwise Logical.
const (
	Auto     Method = "auto"
	Physical Method = "physical"
	Logical  Method = "logical"
)

// Tool is a program of the server that reads the data.
type Tool struct {
	Method  Method
	Place   process.Place
	Path    string
	Version string // x.y.z of the MariaDB it was built with
	// Folders are those that it can write to: none, except for a test's stand-in.
	Folders []string
}

// programs names the tools of a method, the current name first.
var programs = map[Method][]string{
	Physical: {"mariadb-backup", "mariabackup"},
	Logical:  {"mariadb-dump", "mysqldump"},
}

// Find finds a method's tool where the server runs and asks for its version.
func Find(ctx context.Context, m Method, at process.Place) (Tool, error) {
	path, err := at.Find(programs[m])
	if err != nil {
		return Tool{}, err
	}
	return askVersion(ctx, m, at, path)
}

func askVersion(ctx context.Context, m Method, at process.Place, path string) (Tool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	// mariadb-backup prints it to standard error, the others to standard output.
	out, complaints := &process.Tail{Max: 4096}, &process.Tail{Max: 4096}
	o := process.ChildOptions{Place: at, Stdout: out, Stderr: complaints, Confined: &confine.Confinement{}}
	if err := o.Run(ctx, path, "--version"); err != nil {
		return Tool{}, err
	}
	text := out.String() + complaints.String()
	version := Version(text)
	if version == "" {
		return Tool{}, fmt.Errorf("%s is not MariaDB's: --version says %q", path, text)
	}
	return Tool{Method: m, Place: at, Path: path, Version: version}, nil
}

// Has reports whether a tool knows an option.
func (t Tool) Has(ctx context.Context, option string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out := &process.Tail{Max: 256 << 10}
	o := process.ChildOptions{Place: t.Place, Stdout: out, Stderr: &process.Tail{Max: 4096},
		Confined: &confine.Confinement{}}
	return o.Run(ctx, t.Path, "--no-defaults", "--help") == nil && strings.Contains(out.String(), option+" ")
}

var (
	versionNumber = regexp.MustCompile(`\b(\d+\.\d+)\.\d+-MariaDB`)
	leadingSeries = regexp.MustCompile(`^\d+\.\d+\.`)
)

// Version finds x.y.z in a version text; empty if it is not MariaDB's.
//
//	mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)
//	mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)
//	10.11.19-MariaDB-0+deb12u1
func Version(text string) string {
	m := versionNumber.FindString(text)
	if m == "" {
		return ""
	}
	return m[:len(m)-len("-MariaDB")]
}

// series returns x.y. of x.y.z.
func series(version string) string { return leadingSeries.FindString(version) }

// checkServer returns why a tool cannot back up a server; nil if it can. Both versions are x.y.z.
func (t Tool) checkServer(server string) error {
	switch {
	case server == "":
		return errors.New("the server is not MariaDB")
	case t.Method == Physical && series(t.Version) != series(server):
		return fmt.Errorf("%s is of version %s, the server of %s: its files are read by its own version only",
			t.Path, t.Version, server)
	}
	return nil
}

// Choose picks the tool for a method, and says why. physical and logical are what findTool returned; socket says that
// the server was reached over its unix socket, without which its files cannot be proven to be those seen here.
func Choose(want Method, server string, socket bool, find func(Method) (Tool, error)) (Tool, string, error) {
	if want != Auto {
		t, err := usable(want, server, socket, find)
		return t, "asked for", err
	}
	t, err := usable(Physical, server, socket, find)
	if err == nil {
		return t, fmt.Sprintf("the server's own backup tool is here: %s %s for %s", t.Path, t.Version, server), nil
	}
	t, dump := usable(Logical, server, socket, find)
	if dump != nil {
		return t, "", fmt.Errorf("no way to back up: physical: %w; logical: %w", err, dump)
	}
	return t, "no physical backup: " + err.Error(), nil
}

func usable(m Method, server string, socket bool, find func(Method) (Tool, error)) (Tool, error) {
	if m == Physical && !socket {
		return Tool{}, errors.New("the server was reached over TCP, and only its unix socket proves that the files " +
			"here are its own; set login_unix_socket")
	}
	t, err := find(m)
	if err == nil {
		err = t.checkServer(server)
	}
	return t, err
}

// TakesReadLock reports whether a tool keeps the complete server from writing while it reads what is not InnoDB:
// mariadb-backup of servers before 10.4, which have no backup stages.
func TakesReadLock(t Tool, server galera.Server) bool {
	return t.Method == Physical && Older(server, 10, 4)
}

// Older reports whether a server is older than a version, or its own is not known.
func Older(server galera.Server, major, minor int) bool {
	first, second, _ := strings.Cut(strings.TrimSuffix(series(Version(server.Version)), "."), ".")
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(second)
	return errA != nil || errB != nil || a < major || a == major && b < minor
}
