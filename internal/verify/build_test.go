// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/galera"
)

// TestABuiltDatadirIsWhole starts a server on what was built, as a restore gives it to the cluster.
func TestABuiltDatadirIsWhole(t *testing.T) {
	for _, method := range []string{"physical", "logical"} {
		destination, path := copySet(t, method)
		s := openSet(t, destination, path)
		scratch := scratchFolder(t)
		p := prepared(t, s, scratch)
		to := filepath.Join(filepath.Dir(scratch), filepath.Base(scratch)+".built-"+method)
		t.Cleanup(func() { os.RemoveAll(to) })
		built, err := p.Build(context.Background(), to)
		if err != nil || built.Bytes < s.Manifest.Files[0].Bytes {
			t.Fatalf("%s: %+v, %v", method, built, err)
		}
		wantEmpty(t, scratch)
		if _, err := p.Build(context.Background(), to); err == nil {
			t.Errorf("%s: built over what is there", method)
		}
		place, err := newScratch(t.Context(), scratch, p.owner, container.Image{})
		must(t, err)
		must(t, os.Remove(place.path(dataName)))
		must(t, os.Rename(to, place.path(dataName)))
		server, err := place.start(context.Background(), p.tools.Paths["server"], 64*mebibyte, built.Options)
		must(t, err)
		definitions, err := server.Definitions(context.Background(), galera.Carried(s.Manifest.Method))
		if err != nil || definitions.Fingerprint() != s.Manifest.Schema.Fingerprint {
			t.Errorf("%s: %v, %v", method, definitions, err)
		}
		if waits, err := server.Value(context.Background(), "SELECT @@SESSION.wait_timeout"); err != nil || waits != longestWait {
			t.Errorf("%s: the connection is ended after %s seconds without a question, %v", method, waits, err)
		}
		server.stop()
		must(t, place.remove())
	}
}

func TestNothingIsBuiltOfADamagedSet(t *testing.T) {
	destination, path := copySet(t, "physical")
	s := openSet(t, destination, path)
	must(t, os.Truncate(filepath.Join(path, data(s.Manifest).Name), 1000))
	scratch := scratchFolder(t)
	to := filepath.Join(filepath.Dir(scratch), filepath.Base(scratch)+".built")
	_, err := prepared(t, s, scratch).Build(context.Background(), to)
	var unusable *Unusable
	if !errors.As(err, &unusable) || unusable.File != data(s.Manifest).Name {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(to); err == nil {
		t.Error("something was built")
	}
	wantEmpty(t, scratch)
}

func TestALaterServersSetIsNotGivenToAnEarlierOne(t *testing.T) {
	for a, b := range map[string]string{"10.11.9": "10.11.18", "10.11.18": "10.11.18"} {
		if later(a, b) {
			t.Errorf("%s is said to be later than %s", a, b)
		}
	}
	if !later("10.11.18", "10.11.9") {
		t.Error("10.11.18 is later than 10.11.9")
	}
}

// fetched is where tests/setup puts a plugin that the server's own package lacks.
func fetched(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("../../build/plugins")
	must(t, err)
	if _, err := os.Stat(filepath.Join(folder, signing+".so")); err != nil {
		t.Skip("needs the plugin auth_ed25519, which tests/setup test fetches")
	}
	// The server of a restore need not be able to enter our folders.
	open, err := os.MkdirTemp("/var/tmp", "verify-plugins-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(open) })
	must(t, os.CopyFS(filepath.Join(open, "p"), os.DirFS(folder)))
	must(t, os.Chmod(open, 0o755))
	return filepath.Join(open, "p")
}

// signed is the hash of "secret", for an account of ed25519.
const signed = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"

func TestAccountsWithAPluginAreTriedWhereItIs(t *testing.T) {
	plugins, s := fetched(t), shared(t)
	_, err := s.SQL("CREATE USER signed@localhost IDENTIFIED BY 'x'; UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.plugin', 'ed25519', '$.authentication_string', '" +
		signed + "') WHERE User = 'signed'; FLUSH PRIVILEGES")
	must(t, err)
	path, err := s.backUp("physical")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(path) })
	_, err = s.SQL("DROP USER signed@localhost")
	must(t, err)
	right, wrong := []string{"signed (right)"}, []string{"signed (wrong)"}
	for _, c := range []struct {
		plugins string
		align   bool
		want    Built
	}{
		{"", true, Built{Untried: append(right, wrong...)}},
		{plugins, false, Built{Differ: wrong}},
		{plugins, true, Built{Aligned: wrong}},
	} {
		scratch := scratchFolder(t)
		r := prepared(t, openSet(t, filepath.Dir(filepath.Dir(path)), path), scratch)
		r.tools.plugins, r.o.Align = c.plugins, c.align
		r.o.Accounts = []galera.Account{{User: "signed", Password: "secret", From: "right"}, {User: "signed", Password: "other", From: "wrong"}}
		to := filepath.Join(filepath.Dir(scratch), "built")
		built, err := r.Build(t.Context(), to)
		must(t, err)
		must(t, os.RemoveAll(to))
		if !slices.Equal(built.Untried, c.want.Untried) || !slices.Equal(built.Differ, c.want.Differ) || !slices.Equal(built.Aligned, c.want.Aligned) {
			t.Errorf("%+v: %+v", c, built)
		}
	}
}

func TestAPluginThatIsMissingHereIsNoFaultOfTheSet(t *testing.T) {
	plugins := fetched(t)
	destination, path := copySet(t, "logical")
	appendTo(t, path, "users.sql", "CREATE USER IF NOT EXISTS `signed`@`localhost` IDENTIFIED VIA ed25519 USING '"+signed+"';\n")
	r := prepared(t, openSet(t, destination, path), scratchFolder(t))
	r.tools.plugins = ""
	if found, err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "a login plugin that the server here lacks") || len(found.Problems) > 0 {
		t.Errorf("%+v, %v", found, err)
	}
	r.tools.plugins = plugins
	if found, err := r.Run(t.Context()); err != nil || len(found.Problems) > 0 || len(found.Warnings) > 0 {
		t.Errorf("%+v, %v", found, err)
	}
}
