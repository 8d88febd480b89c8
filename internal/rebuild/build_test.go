// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

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
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/tests/sets"
)

// TestABuiltDatadirIsWhole starts a server on the result, as a restore hands it to the cluster.
func TestABuiltDatadirIsWhole(t *testing.T) {
	for _, method := range []string{"physical", "logical"} {
		destination, path := sets.Copy(t, method)
		s := sets.Open(t, destination, path)
		root := sets.ScratchFolder(t)
		p := ready(t, s, root)
		to := filepath.Join(filepath.Dir(root), filepath.Base(root)+".built-"+method)
		t.Cleanup(func() { os.RemoveAll(to) })
		built, err := p.Build(context.Background(), to)
		if err != nil || built.Bytes < s.Manifest.Files[0].Bytes {
			t.Fatalf("%s: %+v, %v", method, built, err)
		}
		sets.WantEmpty(t, root)
		if _, err := p.Build(context.Background(), to); err == nil {
			t.Errorf("%s: built over what is there", method)
		}
		place, err := scratch.New(t.Context(), root, p.owner, container.Image{})
		must(t, err)
		must(t, os.Remove(place.Path(scratch.DataName)))
		must(t, os.Rename(to, place.Path(scratch.DataName)))
		server, err := place.Start(context.Background(), p.tools.Paths["server"], 64*sets.Mebibyte, built.Options)
		must(t, err)
		definitions, err := catalog.ReadDefinitions(context.Background(), server.Client,
			catalog.Carried(s.Manifest.Method))
		if err != nil || definitions.Fingerprint() != s.Manifest.Schema.Fingerprint {
			t.Errorf("%s: %v, %v", method, definitions, err)
		}
		if waits, err := server.Value(context.Background(), "SELECT @@SESSION.wait_timeout"); err != nil ||
			waits != "31536000" {
			t.Errorf("%s: the connection is ended after %s seconds without a question, %v", method, waits, err)
		}
		server.Stop()
		must(t, place.Remove())
	}
}

func TestNothingIsBuiltOfADamagedSet(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	s := sets.Open(t, destination, path)
	must(t, os.Truncate(filepath.Join(path, s.Manifest.Data().Name), 1000))
	root := sets.ScratchFolder(t)
	to := filepath.Join(filepath.Dir(root), filepath.Base(root)+".built")
	_, err := ready(t, s, root).Build(context.Background(), to)
	var unusable *repository.Unusable
	if !errors.As(err, &unusable) || unusable.File != s.Manifest.Data().Name {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(to); err == nil {
		t.Error("something was built")
	}
	sets.WantEmpty(t, root)
}

// fetched is where tests/setup stores a plugin that the server's own package lacks.
func fetched(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("../../build/plugins")
	must(t, err)
	if _, err := os.Stat(filepath.Join(folder, scratch.Signing+".so")); err != nil {
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
	plugins, s := fetched(t), sets.Shared(t)
	_, err := s.SQL("CREATE USER signed@localhost IDENTIFIED BY 'x'; UPDATE mysql.global_priv SET Priv =" +
		" JSON_SET(Priv, '$.plugin', 'ed25519', '$.authentication_string', '" +
		signed + "') WHERE User = 'signed'; FLUSH PRIVILEGES")
	must(t, err)
	path, err := s.BackUp("physical")
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
		root := sets.ScratchFolder(t)
		r := ready(t, sets.Open(t, filepath.Dir(filepath.Dir(path)), path), root)
		r.tools.Plugins, r.o.Align = c.plugins, c.align
		r.o.Accounts = []mariadb.Account{{User: "signed", Password: "secret", From: "right"},
			{User: "signed", Password: "other", From: "wrong"}}
		to := filepath.Join(filepath.Dir(root), "built")
		built, err := r.Build(t.Context(), to)
		must(t, err)
		must(t, os.RemoveAll(to))
		if !slices.Equal(built.Untried, c.want.Untried) || !slices.Equal(built.Differ, c.want.Differ) ||
			!slices.Equal(built.Aligned, c.want.Aligned) {
			t.Errorf("%+v: %+v", c, built)
		}
	}
}

func TestAPluginThatIsMissingHereIsNoFaultOfTheSet(t *testing.T) {
	plugins := fetched(t)
	destination, path := sets.Copy(t, "logical")
	sets.AppendTo(t, path, "users.sql", "CREATE USER IF NOT EXISTS `signed`@`localhost` IDENTIFIED VIA ed25519 USING '"+
		signed+"';\n")
	r := ready(t, sets.Open(t, destination, path), sets.ScratchFolder(t))
	r.tools.Plugins = ""
	if found, err := looked(t, r); err == nil || !strings.Contains(err.Error(),
		"a login plugin that the server here lacks") || len(found.Problems) > 0 {
		t.Errorf("%+v, %v", found, err)
	}
	r.tools.Plugins = plugins
	if found, err := looked(t, r); err != nil || len(found.Problems) > 0 || len(found.Warnings) > 0 {
		t.Errorf("%+v, %v", found, err)
	}
}

// An account that the restored server refuses would lock a service out. It is named, or gets its password.
func TestAccountsOfServicesAreComparedWithTheSet(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	accounts := []mariadb.Account{
		{User: "nova", Password: "secret", From: "as it was"},
		{User: "nova", Password: "another", From: "changed since"},
		{User: "nobody", Password: "x", From: "made since"},
	}
	for align, want := range map[bool]Built{
		false: {Differ: []string{"nova (changed since)", "nobody (made since)"}},
		true:  {Aligned: []string{"nova (changed since)"}, Differ: []string{"nobody (made since)"}},
	} {
		root := sets.ScratchFolder(t)
		r := ready(t, sets.Open(t, destination, path), root)
		r.o.Accounts, r.o.Align = accounts, align
		to := filepath.Join(filepath.Dir(root), "built")
		got, err := r.Build(t.Context(), to)
		must(t, err)
		if !slices.Equal(got.Differ, want.Differ) || !slices.Equal(got.Aligned, want.Aligned) || len(got.Untried) > 0 {
			t.Errorf("align %t: %+v", align, got)
		}
		for _, name := range []string{"given", "tmp", "srv"} {
			if _, err := os.Lstat(filepath.Join(to, name)); err == nil {
				t.Errorf("%s of the scratch folder is in the datadir", name)
			}
		}
		must(t, os.RemoveAll(to))
	}
}

// A server must not use the data of a later version for good; a scratch server may, to check them.
func TestALaterServersDataAreForALookOnly(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	s := sets.Open(t, destination, path)
	here := galera.Release(s.Manifest.Server.Version)
	later := galera.Series(here) + ".999"
	for version, why := range map[string]string{here: "", later: "which is later than " + here + " here",
		galera.Series(here) + ".0": ""} {
		s.Manifest.Server.Version = version + "-MariaDB"
		for _, forGood := range []bool{true, false} {
			o := Options{Scratch: sets.ScratchFolder(t), Memory: 64 * sets.Mebibyte, NotNewer: forGood}
			r, err := Prepare(t.Context(), s, o)
			if (err == nil) != (why == "" || !forGood) || err != nil && !strings.Contains(err.Error(), why) {
				t.Errorf("%s, for good %t: %v", version, forGood, err)
			}
			if err == nil && (r.Plan().Tools.Version != here || r.Plan().Set != s.Name || r.Plan().Space.Needed == 0) {
				t.Errorf("%+v", r.Plan())
			}
		}
	}
}

// A failure after the data were created leaves neither a datadir nor a server.
func TestABuildThatFailsAtItsEndLeavesNothing(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	for _, phase := range []string{"unpack", "prepare", "start", "compare", "accounts", "stop"} {
		root := sets.ScratchFolder(t)
		r := ready(t, sets.Open(t, destination, path), root)
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough of " + phase)
		r.o.Progress = func(p Progress) {
			if p.Phase == phase {
				cancel(why)
			}
		}
		to := filepath.Join(filepath.Dir(root), "built")
		if _, err := r.Build(ctx, to); err == nil {
			t.Errorf("%s: it is built", phase)
		} else if errors.As(err, new(*repository.Unusable)) {
			t.Errorf("%s: the set is blamed: %v", phase, err)
		}
		if _, err := os.Lstat(to); err == nil {
			t.Errorf("%s: a datadir is left", phase)
		}
		sets.WantEmpty(t, root)
		cancel(nil)
	}
}
