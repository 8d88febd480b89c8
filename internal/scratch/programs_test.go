// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/process"
)

// fakes puts programs with fixed answers into the first folder that is searched. Others may hold real ones.
func fakes(t *testing.T, programs map[string]string) (bin string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	if err := confine.Possible(); err != nil {
		t.Skip(err)
	}
	bin, err := os.MkdirTemp("/var/tmp", "verify-fakes-")
	ok(t, err)
	t.Cleanup(func() { os.RemoveAll(bin) })
	ok(t, os.Chmod(bin, 0o755))
	for name, script := range programs {
		ok(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	}
	t.Setenv("PATH", bin)
	return bin
}

const (
	serverSays = `case "$*" in *--help*) echo 'plugin-dir  /nowhere/';; *) echo "$0  Ver 10.11.6-MariaDB-log for` +
		` Linux";; esac`
	backupSays = `echo "$0 based on MariaDB server 10.11.6-MariaDB Linux (x86_64)" >&2`
)

func TestProgramsOfTheSetsSeriesAreChosen(t *testing.T) {
	for name, c := range map[string]struct {
		programs       map[string]string
		method, server string
		why            string // of the error
	}{
		"for files": {map[string]string{"mariadbd": serverSays, "mariadb-backup": backupSays, "mbstream": "exit 1"},
			"physical", "10.11.2-MariaDB", ""},
		"for a dump": {map[string]string{"mariadbd": serverSays, "mariadb-install-db": ":"}, "logical",
			"10.11.6-MariaDB", ""},
		"another series": {map[string]string{"mariadbd": serverSays, "mariadb-install-db": ":"}, "logical",
			"10.6.6-MariaDB",
			"is of version 10.11.6, and the set of 10.6.6: only the same series reads it"},
		"a longer series": {map[string]string{"mariadbd": serverSays, "mariadb-install-db": ":"}, "logical",
			"10.1.6-MariaDB", "only the same series reads it"},
		"another backup program": {map[string]string{"mariadbd": serverSays, "mbstream": ":",
			"mariadb-backup": "echo 11.4.2-MariaDB"}, "physical", "10.11.6-MariaDB",
			"mariadb-backup is of version 11.4.2"},
		"no MariaDB's": {map[string]string{"mariadbd": "echo mysqld Ver 8.0.36 for Linux", "mariadb-install-db": ":"},
			"logical", "10.11.6-MariaDB", "mariadbd is not MariaDB's"},
		"a set of another server": {map[string]string{"mariadbd": serverSays, "mariadb-install-db": ":"}, "logical",
			"8.0.36", `the set is of the server "8.0.36", which is not MariaDB`},
		"one that fails": {map[string]string{"mariadbd": "exit 3", "mariadb-install-db": ":"}, "logical",
			"10.11.6-MariaDB", "exit status 3"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := fakes(t, c.programs)
			tools, err := FindTools(t.Context(), process.Place{}, c.method, c.server)
			if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			if tools.Version != "10.11.6" || len(tools.Paths) != len(needs[c.method]) || tools.Plugins != "" {
				t.Errorf("%+v", tools)
			}
			for what, path := range tools.Paths {
				if filepath.Dir(path) != bin {
					t.Errorf("%s is %s", what, path)
				}
			}
			// Settings that are only for this host are not part of a plan.
			if text, err := json.Marshal(tools); err != nil || strings.Contains(string(text), "lace") ||
				strings.Contains(string(text), "lugins") {
				t.Errorf("%s, %v", text, err)
			}
		})
	}
}

func TestThePluginOfAServerIsFoundAndCopied(t *testing.T) {
	plugins := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(plugins, Signing+".so"), []byte("a library"), 0o600))
	help := `case "$*" in *--help*) echo 'plugin-dir     ` + plugins + `';; *) echo 10.11.6-MariaDB;; esac`
	fakes(t, map[string]string{"mariadbd": help, "mariadb-install-db": ":"})
	tools, err := FindTools(t.Context(), process.Place{}, "logical", "10.11.6-MariaDB")
	if err != nil || tools.Plugins != plugins {
		t.Fatalf("%q, %v", tools.Plugins, err)
	}
	s := placed(t)
	args, err := s.Plugins(tools)
	if err != nil || len(args) != 1 || args[0] != "--plugin-load-add="+Signing {
		t.Errorf("%q, %v", args, err)
	}
	copied := s.Path(filepath.Join(pluginsName, Signing+".so"))
	info, err := os.Stat(copied)
	if content, _ := os.ReadFile(copied); err != nil || string(content) != "a library" || info.Mode().Perm() != 0o644 {
		t.Errorf("%q, %v, %v", content, info, err)
	}
	if args, err := s.Plugins(Tools{}); err != nil || args != nil {
		t.Errorf("of a server without it: %q, %v", args, err)
	}
}

// The arguments of the scratch server limit what it can reach: no network, no files outside, no plugins, no events.
func TestTheServersArgumentsKeepItInItsFolder(t *testing.T) {
	s := &Folder{root: "/scratch"}
	args := s.serverArgs(64<<20, []string{"--innodb-page-size=4k"})
	for _, want := range []string{
		"--no-defaults", "--skip-networking", "--skip-slave-start", "--event-scheduler=OFF", "--wsrep-on=OFF",
		"--symbolic-links=0", "--local-infile=OFF", "--innodb-buffer-pool-size=67108864",
		"--datadir=" + s.Path(DataName), "--tmpdir=" + s.Path(TemporaryName), "--socket=" + s.Path(SocketName),
		"--plugin-dir=" + s.Path(pluginsName), "--secure-file-priv=" + s.Path(FilesName),
	} {
		found := false
		for _, arg := range args {
			found = found || arg == want
		}
		if !found {
			t.Errorf("%s is not among %q", want, args)
		}
	}
	if args[0] != "--no-defaults" || args[len(args)-1] != "--innodb-page-size=4k" {
		t.Errorf("the order: %q", args)
	}
	for _, arg := range args[1 : len(args)-1] {
		if _, path, is := strings.Cut(arg, "=/"); is && !strings.HasPrefix("/"+path, s.Path(".")+"/") {
			t.Errorf("%s is elsewhere", arg)
		}
	}
}
