// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/pacemakertest"
	"overcloud.backup/tests/units"
)

// The data of a controller are discarded if another one has them, and nobody uses these.
func TestAControllerGivesItsDataUpOnlyForThoseOfOthers(t *testing.T) {
	s := mariadbtest.Start(t)
	root := s.Root(t)
	mariadbtest.Exec(t, root, "CREATE USER nova@'%' IDENTIFIED BY 'p'")
	t.Cleanup(func() { _, _ = s.SQL("DROP USER nova@'%'") })
	here, gone := mariadb.Login{Socket: s.Socket}, mariadb.Login{Socket: filepath.Join(t.TempDir(), "none")}
	client := s.Open(t, mariadb.Login{Socket: s.Socket, User: "nova", Password: "p"})
	if _, err := client.Rows(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		arrange func(*pacemakertest.Galera)
		login   mariadb.Login
		ignore  []string
		want    string
	}{
		"others serve, and its own is broken": {func(g *pacemakertest.Galera) {}, gone, nil, ""},
		"nobody uses it":                      {func(g *pacemakertest.Galera) {}, here, []string{"nova"}, ""},
		"clients use it": {
			func(g *pacemakertest.Galera) {}, here, nil,
			"clients use the database of controller-0 now (1 session of nova, among others)",
		},
		"no quorum": {
			func(g *pacemakertest.Galera) { g.Put("noquorum", "") }, gone, nil,
			"the cluster has no quorum, so it is not known who has the data",
		},
		"nobody else serves": {
			func(g *pacemakertest.Galera) {
				g.Put("node.controller-1", "Stopped")
				g.Put("node.controller-2", "Failed")
			}, gone, nil, "no other controller serves the database now: controller-0 may have the last good copy",
		},
		"those that serve are not in the cluster": {
			func(g *pacemakertest.Galera) {
				g.Put("offline.controller-1", "")
				g.Put("offline.controller-2", "")
			}, gone, nil, "no other controller serves the database now",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := pacemakertest.NewGalera(t)
			g.Put("datadir", t.TempDir())
			g.Put("my.cnf", "[mysqld]")
			n, err := Look(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c.arrange(g)
			err = n.MayRejoin(t.Context(), c.login, c.ignore)
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Error(err)
			}
			if g.Calls() != "" {
				t.Error("it was not only looked at")
			}
		})
	}
}

func TestARestoredServerIsSeenWhole(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	w, err := galera.Status(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !w.On {
		t.Skip("no Galera library")
	}
	n, login := &Node{}, mariadb.Login{Socket: s.Socket}
	got, err := n.Check(t.Context(), login, Expected{Size: 1, UUID: w.ClusterStateUUID}, 10*time.Second)
	if err != nil || got.ClusterStateUUID != w.ClusterStateUUID {
		t.Errorf("%+v %v", got, err)
	}
	for want, expected := range map[string]Expected{
		"timed out after 600ms: it sees 1 controller, not 3": {Size: 3},
		"it was started from other data":                     {Size: 1, UUID: anotherUUID},
	} {
		if _, err := n.Check(t.Context(), login, expected, 600*time.Millisecond); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	login.Socket = filepath.Join(t.TempDir(), "none")
	if _, err := n.Check(t.Context(), login, Expected{Size: 1}, 600*time.Millisecond); err == nil ||
		!strings.Contains(err.Error(), "check the database on this host: timed out") {
		t.Errorf("a server that does not come: %v", err)
	}
}

// The server behind the virtual IP belongs to the restored cluster, and no other server is asked.
func TestWhoAnswersAtTheVirtualIPIsTheRestoredCluster(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	w, err := galera.Status(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !w.On {
		t.Skip("no Galera library")
	}
	mariadbtest.Exec(t, c, "CREATE USER checker@'%' IDENTIFIED BY 'p'", "GRANT PROCESS ON *.* TO checker@'%'")
	t.Cleanup(func() { _, _ = s.SQL("DROP USER checker@'%'") })
	g := pacemakertest.NewGalera(t)
	n := &Node{Port: strconv.Itoa(s.Port)}
	login := mariadb.Login{User: "checker", Password: "p"}
	if got, err := n.ThroughVIP(t.Context(), login, "", time.Second); err != nil ||
		!strings.Contains(got, "no virtual IP") {
		t.Errorf("%q %v", got, err)
	}
	g.Put("resources", `<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes`+
		` id="i-a">`+
		`<nvpair id="i-i" name="ip" value="127.0.0.1"/></instance_attributes></primitive>`)
	for _, uuid := range []string{"", w.ClusterStateUUID} {
		if got, err := n.ThroughVIP(t.Context(), login, uuid, 5*time.Second); err != nil ||
			got != "clients reach the restored database at 127.0.0.1" {
			t.Errorf("%q %v", got, err)
		}
	}
	if got, err := n.ThroughVIP(t.Context(), login, anotherUUID, 600*time.Millisecond); err == nil ||
		!strings.Contains(err.Error(), "the server at 127.0.0.1 is of the cluster state "+w.ClusterStateUUID) {
		t.Errorf("another cluster: %q %v", got, err)
	}
	login.Password = "wrong"
	if got, err := n.ThroughVIP(t.Context(), login, "", 5*time.Second); err != nil ||
		!strings.HasPrefix(got, "the database answers at 127.0.0.1 (this host has no account for it there") {
		t.Errorf("a server that refuses the account is there: %q %v", got, err)
	}
	n.Port = "1"
	if got, err := n.ThroughVIP(t.Context(), login, "", 600*time.Millisecond); err == nil ||
		!strings.Contains(err.Error(), "reach the database through the virtual IP: timed out") {
		t.Errorf("nobody listens: %q %v", got, err)
	}
	n.Port = "three"
	if _, err := n.ThroughVIP(t.Context(), login, "", 100*time.Millisecond); err == nil ||
		!strings.Contains(err.Error(),
			`port "three": `) {
		t.Error(err)
	}
}

func TestASetOfAnotherClusterIsRefused(t *testing.T) {
	set := repository.Cluster{Name: "galera_cluster", UUID: someUUID}
	state := func(uuid string) string {
		return "# GALERA saved state\nversion: 2.1\nuuid:    " + uuid + "\nseqno:   -1\n"
	}
	for name, c := range map[string]struct {
		cluster, grastate string
		other             bool
		want              string
	}{
		"the same": {"galera_cluster", state(someUUID), false, ""},
		"another name": {"cell1", state(someUUID), false,
			`it belongs to the cluster "galera_cluster", and this is "cell1"`},
		"another name, which the operator allows": {"cell1", state(anotherUUID), true, ""},
		"no name in the options":                  {"", state(someUUID), false, ""},
		"rebuilt since": {
			"galera_cluster", state(anotherUUID), false,
			"its cluster state is " + someUUID + ", and this cluster's is " + anotherUUID,
		},
		"never in a cluster": {"galera_cluster", state(noUUID), false, ""},
		"no state":           {"galera_cluster", "", false, ""},
		"a broken state":     {"galera_cluster", "uuid: what", false, ""},
	} {
		n := &Node{Cluster: c.cluster, Datadir: t.TempDir()}
		if c.grastate != "" {
			units.Put(t, filepath.Join(n.Datadir, "grastate.dat"), c.grastate, 0o600)
		}
		err := n.Fits(set, c.other)
		if (err != nil) != (c.want != "") || err != nil && (!strings.Contains(err.Error(), c.want) ||
			!strings.HasSuffix(err.Error(), "set other_cluster: true to restore it anyway")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// With a datadir that is not a plain path, root would move something else.
func TestADatadirIsAPlainPath(t *testing.T) {
	g := pacemakertest.NewGalera(t)
	g.Put("my.cnf", "[mysqld]\nwsrep_sst_auth=sst:secret:too\n")
	for datadir, refused := range map[string]bool{
		t.TempDir(): false, "": false, "relative/mysql": true, "/": true, "/var/lib/../mysql": true,
		"/var/lib/mysql/": true,
	} {
		g.Put("datadir", datadir)
		n, err := Look(t.Context())
		if (err != nil) != refused || err != nil && !strings.Contains(err.Error(), "is not a plain absolute path") {
			t.Errorf("%q: %v", datadir, err)
		}
		if err == nil && (n.transfer.User != "sst" || n.transfer.Password != "secret:too" || n.Free < 1 ||
			n.Datadir != map[bool]string{true: defaultDatadir, false: datadir}[datadir == ""]) {
			t.Errorf("%q: %+v", datadir, n)
		}
	}
}
