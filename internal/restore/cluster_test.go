// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"overcloud.backup/tests/pacemakertest"
)

// member is this controller in a cluster, with the book of the restore j. It never sleeps: the clock is the test's.
type member struct {
	*pacemakertest.Galera
	t    *testing.T
	home string
}

func inCluster(t *testing.T, do func(t *testing.T, m *member)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &member{Galera: pacemakertest.NewGalera(t), t: t, home: home(t)}
		m.Put("datadir", t.TempDir())
		m.Put("my.cnf", "[mysqld]")
		do(t, m)
	})
}

// look returns what Look sees now, and the book as it is on disk, which is what the next call begins with.
func (m *member) look() (*Node, *Book) {
	m.t.Helper()
	n, err := Look(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	b := open(m.t, m.home)
	m.t.Cleanup(func() { _ = b.Close() })
	if err := b.Begin("j", of("/set")); err != nil {
		m.t.Fatal(err)
	}
	return n, b
}

// note changes the book, as a call would that was killed right after.
func (m *member) note(change func(*Book)) {
	m.t.Helper()
	_, b := m.look()
	change(b)
	if err := b.save(); err != nil {
		m.t.Fatal(err)
	}
	_ = b.Close()
}

func (m *member) stop(limit time.Duration) (changed bool, role *Role, err error) {
	n, b := m.look()
	defer b.Close()
	changed, err = n.Stop(m.t.Context(), b, limit)
	return changed, b.Resource, err
}

const (
	setStopped = "--resource galera-master --meta --set-parameter target-role --parameter-value Stopped"
	dropRole   = "--resource galera-master --meta --delete-parameter target-role"
)

func TestTheResourceIsStoppedOnceAndItsRoleNoted(t *testing.T) {
	for _, c := range []struct {
		name    string
		role    string // before
		arrange func(*member)
		changed bool
		before  string // as noted
		calls   string
	}{
		{"it ran, without a role", "", func(*member) {}, true, "", setStopped},
		{"it ran, with a role", "Started", func(*member) {}, true, "Started", setStopped},
		{
			"the operator stopped it, to restore it", "Stopped", func(m *member) { m.allAre("Stopped") }, false, "", "",
		},
		{
			"killed between the note and the stop", "Started",
			func(m *member) { m.note(func(b *Book) { b.Resource = &Role{ID: "galera-master", Before: "Started"} }) },
			true, "Started", setStopped,
		},
		{
			"killed after the stop", "Stopped", func(m *member) {
				m.note(func(b *Book) { b.Resource = &Role{ID: "galera-master", Before: "Started"} })
				m.allAre("Stopped")
			}, false, "Started", "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inCluster(t, func(t *testing.T, m *member) {
				if c.role != "" {
					m.Put("role", c.role)
				}
				c.arrange(m)
				changed, role, err := m.stop(time.Minute)
				if err != nil || changed != c.changed || role == nil || role.Before != c.before ||
					role.ID != "galera-master" {
					t.Errorf("%v %+v %v", changed, role, err)
				}
				if calls := m.Calls(); calls != c.calls {
					t.Errorf("called: %q", calls)
				}
				if m.States() != "Stopped Stopped Stopped" {
					t.Error(m.States())
				}
				if again, role, err := m.stop(time.Minute); err != nil || again || role.Before != c.before ||
					m.Calls() != "" {
					t.Errorf("again: %v %+v %v", again, role, err)
				}
			})
		})
	}
}

func (m *member) allAre(state string) {
	for _, node := range pacemakertest.Nodes {
		m.Put("node."+node, state)
	}
}

// Datadirs are not moved while anything may run in them.
func TestAServerThatDoesNotStopIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		arrange func(*member)
		want    string
	}{
		"instances still run": {
			func(m *member) { m.Put("stuck", "") },
			"stop the resource galera-master: timed out after 1m0s: it still runs on controller-0, controller-1," +
				" controller-2",
		},
		"no quorum": {
			func(m *member) { m.Put("noquorum", "") }, "timed out after 1m0s: the cluster has no quorum",
		},
		"a container is left": {
			func(m *member) {
				m.Put("mounted", `<bundle id="galera-master" type="podman" image="i" unique="false" managed="true"`+
					` failed="false">`+
					`<replica id="0"><resource id="galera-master-podman-0" resource_agent="ocf:heartbeat:podman"`+
					` role="Started" `+
					`active="true" orphaned="false" blocked="false" managed="true" failed="false">`+
					`<node name="controller-2" id="3"/></resource></replica></bundle>`)
			}, "its container still runs on controller-2",
		},
		"Pacemaker refuses it": {
			func(m *member) { m.Put("refuses", "") }, "Error performing operation: Timer expired",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, func(t *testing.T, m *member) {
				c.arrange(m)
				_, role, err := m.stop(time.Minute)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Error(err)
				}
				if role == nil {
					t.Error("what was asked of the cluster is not noted")
				}
			})
		})
	}
}

// Pacemaker leaves an instance that failed to stop alone until somebody cleans it up, on that node only.
func TestAFailedInstanceIsCleanedUpToStop(t *testing.T) {
	inCluster(t, func(t *testing.T, m *member) {
		m.Put("node.controller-1", "Failed")
		m.Put("stuck", "")
		m.Put("node.controller-0", "Stopped")
		m.Put("node.controller-2", "Stopped")
		if changed, _, err := m.stop(time.Minute); err != nil || !changed || m.States() != "Stopped Stopped Stopped" {
			t.Errorf("%v %v %s", changed, err, m.States())
		}
		if calls := m.Calls(); calls != setStopped+"\n--cleanup --resource galera --node controller-1" {
			t.Errorf("%q", calls)
		}
	})
}

// Stopping the database during a backup would end the backup, and the restore might use its unfinished set.
func TestTheDatabaseIsNotStoppedUnderABackup(t *testing.T) {
	inCluster(t, func(t *testing.T, m *member) {
		expires := fmt.Sprint(time.Now().Add(time.Hour).Unix())
		m.Put("config", strings.Replace(pacemakertest.Lock, "1795377600.5", expires, 1))
		changed, role, err := m.stop(time.Minute)
		if err == nil || !strings.Contains(err.Error(), "a backup runs on controller-1 (job j1") || changed ||
			role != nil {
			t.Errorf("%v %+v %v", changed, role, err)
		}
		if m.Calls() != "" || m.States() != "Promoted Promoted Promoted" {
			t.Error(m.States())
		}
	})
}

func (m *member) start(limit time.Duration) (changed bool, b *Book, err error) {
	n, b := m.look()
	defer b.Close()
	changed, err = n.Start(m.t.Context(), b, limit)
	return changed, b, err
}

func (m *member) stopped(change func(*Book)) {
	m.Put("role", "Stopped")
	m.allAre("Stopped")
	m.note(func(b *Book) {
		b.Resource = &Role{ID: "galera-master"}
		change(b)
	})
}

func TestTheResourceGetsItsRoleBack(t *testing.T) {
	for before, call := range map[string]string{
		"": dropRole, "Promoted": "--resource galera-master --meta --set-parameter target-role --parameter-value" +
			" Promoted",
	} {
		inCluster(t, func(t *testing.T, m *member) {
			m.stopped(func(b *Book) { b.Resource.Before = before })
			changed, b, err := m.start(time.Minute)
			if err != nil || !changed || b.Started == "" || m.Has("role") != before ||
				m.States() != "Promoted Promoted Promoted" {
				t.Errorf("%v %+v %v %s", changed, b, err, m.States())
			}
			if calls := m.Calls(); calls != call {
				t.Errorf("%q", calls)
			}
			started := b.Started
			time.Sleep(time.Hour)
			changed, b, err = m.start(time.Minute)
			if err != nil || changed || b.Started != started || m.Calls() != "" {
				t.Errorf("again: %v %+v %v", changed, b, err)
			}
		})
	}
}

// Once noted, the data count as live, so the note is written before the first instance starts.
func TestTheStartIsNotedBeforeItBegins(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*Book)
		started bool
	}{
		"a restore":  {func(*Book) {}, true},
		"a rollback": {func(b *Book) { b.RollingBack = true }, false},
	} {
		inCluster(t, func(t *testing.T, m *member) {
			m.stopped(c.change)
			m.Put("refuses", "")
			if _, _, err := m.start(time.Minute); err == nil {
				t.Errorf("%s: started", name)
			}
			if b, err := ReadBook(m.home); err != nil || (b.Started != "") != c.started {
				t.Errorf("%s: %+v %v", name, b, err)
			}
			m.Drop("refuses")
			if _, b, err := m.start(time.Minute); err != nil || (b.Started != "") != c.started {
				t.Errorf("%s: %+v %v", name, b, err)
			}
		})
	}
}

func TestOnlyWhoStoppedItStartsIt(t *testing.T) {
	inCluster(t, func(t *testing.T, m *member) {
		m.Put("role", "Stopped")
		m.allAre("Stopped")
		if changed, b, err := m.start(time.Minute); err == nil || changed || b.Started != "" ||
			!strings.Contains(err.Error(), "start it on the controller that did") {
			t.Errorf("%v %+v %v", changed, b, err)
		}
		if m.Calls() != "" {
			t.Error("it was started")
		}
	})
}

// Earlier failures would keep an instance from starting. They are cleaned up while nothing is being started.
func TestFailuresFromBeforeAreForgottenFirst(t *testing.T) {
	inCluster(t, func(t *testing.T, m *member) {
		m.stopped(func(*Book) {})
		m.Put("node.controller-2", "Failed")
		if _, _, err := m.start(time.Minute); err != nil || m.States() != "Promoted Promoted Promoted" {
			t.Errorf("%v %s", err, m.States())
		}
		if calls := m.Calls(); calls != "--cleanup --resource galera\n--wait --timeout=60\n"+dropRole {
			t.Errorf("%q", calls)
		}
	})
}

func TestAPromotionThatFailsIsTriedAgainSomeTimes(t *testing.T) {
	for sick, c := range map[string]struct {
		cleanups int
		want     string
	}{
		"1": {1, ""}, "3": {3, ""},
		"9": {3, "it does not serve yet on controller-1 (galera_promote_0 on controller-1: error no joy); see the" +
			" server's log " +
			"there, then call this again"},
	} {
		inCluster(t, func(t *testing.T, m *member) {
			m.stopped(func(*Book) {})
			m.Put("sick.controller-1", sick)
			began := time.Now()
			_, _, err := m.start(time.Hour)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", sick, err)
			}
			if calls := m.Calls(); strings.Count(calls,
				"--cleanup --resource galera --node controller-1") != c.cleanups ||
				strings.Count(calls, "--cleanup") != c.cleanups {
				t.Errorf("%s: %q", sick, calls)
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("%s: it waited for %s", sick, took)
			}
		})
	}
}

func TestARejoiningControllerLeavesAloneAndComesBack(t *testing.T) {
	inCluster(t, func(t *testing.T, m *member) {
		n, b := m.look()
		b.Aside = []string{"/old"}
		for range 2 { // the call may be killed and repeated
			if err := n.Leave(t.Context(), b, time.Minute); err != nil || !b.Banned {
				t.Fatalf("%v %+v", err, b)
			}
		}
		if m.States() != "Stopped Promoted Promoted" {
			t.Error(m.States())
		}
		const ban = "--ban --resource galera-master --node controller-0"
		if calls := m.Calls(); calls != ban+"\n"+ban {
			t.Errorf("%q", calls)
		}
		for range 2 {
			if err := n.Join(t.Context(), b, time.Minute); err != nil || b.Banned || b.Started == "" {
				t.Fatalf("%v %+v", err, b)
			}
		}
		if m.States() != "Promoted Promoted Promoted" {
			t.Error(m.States())
		}
		if calls := m.Calls(); calls != "--cleanup --resource galera --node controller-0\n"+
			"--wait --timeout=60\n--clear --resource galera-master --node controller-0" {
			t.Errorf("%q", calls)
		}
		if err := n.Leave(t.Context(), b, time.Minute); err != nil || m.Calls() != "" {
			t.Errorf("one that came back leaves again: %v", err)
		}
	})
}

// The ban is noted before it is created: whoever takes over, or drops it, knows that it must be removed.
func TestABanIsNotedBeforeItIsThere(t *testing.T) {
	inCluster(t, func(t *testing.T, m *member) {
		n, b := m.look()
		m.Put("refuses", "")
		if err := n.Leave(t.Context(), b, time.Minute); err == nil {
			t.Error("it left")
		}
		if read, err := ReadBook(m.home); err != nil || !read.Banned || !read.UnderWay() {
			t.Errorf("%+v %v", read, err)
		}
		// It stays noted until it is removed.
		if err := n.Join(t.Context(), b, time.Minute); err == nil || !b.Banned {
			t.Errorf("%v %+v", err, b)
		}
	})
}

func TestAControllerThatDoesNotLeaveOrComeBackIsNamed(t *testing.T) {
	inCluster(t, func(t *testing.T, m *member) {
		n, b := m.look()
		b.Aside = []string{"/old", "/older"}
		m.Put("stuck", "")
		err := n.Leave(t.Context(), b, time.Minute)
		if err == nil || !strings.Contains(err.Error(),
			"stop the database on controller-0: timed out after 1m0s: it still "+
				"runs on controller-0") {
			t.Error(err)
		}
		m.Put("node.controller-0", "Failed")
		if err := n.Leave(t.Context(), b, time.Minute); err != nil {
			t.Errorf("a failed instance is cleaned up: %v", err)
		}
		m.Put("sick.controller-0", "9")
		err = n.Join(t.Context(), b, time.Minute)
		if err == nil || !strings.Contains(err.Error(), "it does not serve yet on controller-0") ||
			!strings.HasSuffix(err.Error(), "; the original data is in /old, /older") {
			t.Error(err)
		}
	})
}

// A failure on another controller is no reason to wait, and is not touched.
func TestARejoiningIsDoneWhenThisControllerServes(t *testing.T) {
	inCluster(t, func(t *testing.T, m *member) {
		n, b := m.look()
		m.Put("node.controller-2", "Failed")
		b.Banned = true
		m.Put("ban.controller-0", "")
		m.Put("node.controller-0", "Stopped")
		m.Put("sick.controller-0", "1") // cleaned up during the wait
		if err := n.Join(t.Context(), b, time.Minute); err != nil || m.States() != "Promoted Promoted Failed" {
			t.Errorf("%v %s", err, m.States())
		}
		if strings.Contains(m.Calls(), "controller-2") {
			t.Error("another controller's failure was cleaned up")
		}
	})
}

// The restore would stop resources that do not start again.
func TestAClusterThatWouldNotStartIsRefused(t *testing.T) {
	inCluster(t, func(t *testing.T, m *member) {
		n, b := m.look()
		if err := n.Startable(t.Context(), b); err != nil {
			t.Error(err)
		}
		m.Put("ban.controller-1", "")
		if err := n.Startable(t.Context(), b); err != nil {
			t.Errorf("another one's ban is its own to tell: %v", err)
		}
		m.Put("ban.controller-0", "")
		err := n.Startable(t.Context(), b)
		if err == nil || !strings.Contains(err.Error(),
			"the database would not start again everywhere: controller-0: the "+
				"constraint cli-ban-galera-master-on-controller-0") {
			t.Error(err)
		}
		for _, ours := range []*Book{{Banned: true}, {Before: &Book{Banned: true}}} {
			if err := n.Startable(t.Context(), ours); err != nil {
				t.Errorf("a ban that a rejoining left: %v", err)
			}
		}
		m.Put("noquorum", "")
		if err := n.Startable(t.Context(), &Book{Banned: true}); err == nil ||
			!strings.Contains(err.Error(), "no quorum") {
			t.Error(err)
		}
	})
}

func TestWaitingEndsWithTheLastWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, began := 0, time.Now()
		err := poll(t.Context(), 10*time.Second, "see it", func() (string, error) {
			asked++
			return fmt.Sprintf("not yet %d", asked), nil
		})
		if err == nil || err.Error() != fmt.Sprintf("see it: timed out after 10s: not yet %d", asked-1) &&
			err.Error() != fmt.Sprintf("see it: timed out after 10s: not yet %d", asked) || asked < 19 {
			t.Errorf("asked %d times: %v", asked, err)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("it took %s", took)
		}
		final := &finalError{context.Canceled}
		if err := poll(t.Context(), time.Hour, "see it", func() (string, error) { return "", final }); err == nil ||
			!strings.Contains(err.Error(), "see it: context canceled") || time.Since(began) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		left := 3
		err = poll(t.Context(), time.Hour, "see it", func() (string, error) {
			if left--; left > 0 {
				return "", fmt.Errorf("an error that passes")
			}
			return "", nil
		})
		if err != nil || left != 0 {
			t.Errorf("%d left: %v", left, err)
		}
	})
}
