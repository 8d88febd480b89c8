// SPDX-License-Identifier: GPL-3.0-or-later

package clusterlock

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/tests/pacemakertest"
)

// mine is the lock of testdata/lab-locked-cib.xml.
var mine = cib.Lock{Cluster: "0bf81e81-e6a9-11f1-aab7-6f76032d5070", Holder: "controller-1",
	Job:   "20261123T081500Z-4f2a9c",
	Since: 1795427052, Expires: 1795430652}

// theirs is the same cluster's lock, held by a job of another node.
var theirs = cib.Lock{Cluster: mine.Cluster, Holder: "controller-2", Job: "20261123T081501Z-000001", Since: 1795427053,
	Expires: 1795430653}

// aCIB is a cibadmin that stores one lock as a real one does: only one caller can create it, and it is deleted by a
// path that matches it.
const aCIB = `lock="$0.lock"
case $1 in
--create) (set -C; printf '%s' "${@: -1}" >"$lock") 2>/dev/null ||
  { echo "Call cib_create failed: File exists" >&2; exit 108; };;
--delete) [ -e "$lock" ] || exit 0
  for want in $(printf '%s' "$3" | grep -o 'value="[^"]*"'); do grep -qF "$want" "$lock" || exit 0; done
  rm "$lock";;
*) if [ -s "$lock" ]; then sed "/<crm_config>/r $lock" "$here/lab-cib.xml"; else cat "$here/lab-cib.xml"; fi;;
esac`

const (
	queries = "--query --scope configuration\n"
	path    = `//cluster_property_set[@id="overcloud-backup-lock-0bf81e81-e6a9-11f1-aab7-6f76032d5070"]`
	ofJob   = `[nvpair[@name="overcloud-backup-job" and @value="20261123T081500Z-4f2a9c"]]`
	ofNode  = `[nvpair[@name="overcloud-backup-holder" and @value="controller-1"]]`
)

// host is a set of fake commands, and the locks that use them.
type host struct {
	*pacemakertest.Fakes
	read pacemaker.Commands
}

func locking(t *testing.T, changed map[string]string) *host {
	t.Helper()
	all := map[string]string{"cibadmin": aCIB}
	for name, body := range changed {
		all[name] = body
	}
	f := pacemakertest.NewFakes(t, all)
	return &host{f, pacemaker.Commands{Find: pacemakertest.OnPath, Corosync: f.Corosync(),
		Configured: []string{f.Corosync()},
		Own:        new(atomic.Pointer[string])}}
}

func (f *host) held() *cib.Lock {
	f.T.Helper()
	l, err := readLock(f.T.Context(), &f.read, mine.Cluster)
	if err != nil {
		f.T.Fatal(err)
	}
	return l
}

func TestTheLockIsMadeAsItWasRecorded(t *testing.T) {
	c, err := cib.Parse(pacemakertest.Recorded(t, "lab-locked-cib.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c.Locks, []cib.Lock{mine}) || c.Properties["cluster-name"] != "tripleo_cluster" {
		t.Fatalf("locks %+v, properties %v", c.Locks, c.Properties)
	}
	xml, err := cib.LockXML(mine)
	if err != nil {
		t.Fatal(err)
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, ">", "> ")), " ") }
	if !strings.Contains(squeeze(string(pacemakertest.Recorded(t, "lab-locked-cib.xml"))), squeeze(xml)) {
		t.Errorf("%s is not what Pacemaker printed", xml)
	}
}

func TestTheLockIsTakenOnceAndFreedByItsOwnJob(t *testing.T) {
	f := locking(t, nil)
	ctx := t.Context()
	xml, _ := cib.LockXML(mine)
	if err := acquire(ctx, &f.read, mine); err != nil {
		t.Fatal(err)
	}
	if want := "--create --scope crm_config --xml-text " + xml + "\n" + queries; f.Used("cibadmin") != want {
		t.Errorf("called as\n%swant\n%s", f.Used("cibadmin"), want)
	}
	if l := f.held(); !reflect.DeepEqual(l, &mine) {
		t.Errorf("held: %+v", l)
	}
	var held *Held
	err := acquire(ctx, &f.read, theirs)
	if !errors.As(err, &held) || held.Lock != mine {
		t.Errorf("%v", err)
	}
	if want := "held by controller-1, job 20261123T081500Z-4f2a9c, since 2026-11-23T09:44:12Z, until" +
		" 2026-11-23T10:44:12Z"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	if err := acquire(ctx, &f.read, mine); err != nil {
		t.Errorf("the same job again: %v", err)
	}
	namesake := mine
	namesake.Holder = theirs.Holder
	if err := acquire(ctx, &f.read, namesake); !errors.As(err, &held) || held.Lock != mine {
		t.Errorf("a job of the same id on another node: %v", err)
	}
	for _, l := range []cib.Lock{theirs, namesake} {
		if released, err := release(ctx, &f.read, l); released || err != nil || f.held() == nil {
			t.Errorf("another job's, of %+v: %t, %v", l, released, err)
		}
	}
	f.Forget()
	if released, err := release(ctx, &f.read, mine); !released || err != nil || f.held() != nil {
		t.Errorf("its own: %t, %v", released, err)
	}
	if want := queries + "--delete --xpath " + path + ofJob + ofNode + "\n" +
		queries; !strings.HasPrefix(f.Used("cibadmin"), want) {
		t.Errorf("called as\n%swant\n%s", f.Used("cibadmin"), want)
	}
	if released, err := release(ctx, &f.read, mine); released || err != nil {
		t.Errorf("a free one: %t, %v", released, err)
	}
}

// Jobs on two nodes have the same id only if somebody arranged it; the holder of the lock is compared as well.
func TestALockThatIsBrokenIsExactlyThatOne(t *testing.T) {
	f := locking(t, nil)
	if err := acquire(t.Context(), &f.read, mine); err != nil {
		t.Fatal(err)
	}
	f.Forget()
	other := mine
	other.Holder = "controller-2"
	if err := Break(t.Context(), other); err != nil || f.held() == nil {
		t.Errorf("another holder: %v, %+v", err, f.held())
	}
	if strings.Contains(f.Used("cibadmin"), "--delete") {
		t.Errorf("called as\n%s", f.Used("cibadmin"))
	}
	if err := Break(t.Context(), mine); err != nil || f.held() != nil {
		t.Errorf("the holder: %v", err)
	}
	if want := "--delete --xpath " + path + ofJob + ofNode + "\n"; !strings.Contains(f.Used("cibadmin"), want) {
		t.Errorf("called as\n%swant\n%s", f.Used("cibadmin"), want)
	}
	if err := Acquire(t.Context(), theirs); err != nil || f.held().Job != theirs.Job {
		t.Errorf("after it: %v", err)
	}
}

// The lock changes hands between the query and the deletion: the path includes the condition.
func TestALockThatChangedHandsIsLeftAlone(t *testing.T) {
	f := locking(t, map[string]string{"cibadmin": `if [ "$1" = --delete ]; then cat "$0.next" >"$0.lock"; fi
` + aCIB})
	xml, _ := cib.LockXML(theirs)
	if err := os.WriteFile(filepath.Join(f.Dir, "cibadmin.next"), []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := acquire(t.Context(), &f.read, mine); err != nil {
		t.Fatal(err)
	}
	if err := Break(t.Context(), mine); err != nil || !f.held().Is(theirs) {
		t.Errorf("%v, held %+v", err, f.held())
	}
}

func TestOfManyExactlyOneGetsTheLock(t *testing.T) {
	f := locking(t, nil)
	for round := range 3 {
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 5 {
			all.Go(func() {
				l := theirs
				l.Job = fmt.Sprintf("job-%d-%d", round, i)
				err := acquire(t.Context(), &f.read, l)
				var held *Held
				if err == nil {
					won.Add(1)
				} else if !errors.As(err, &held) || held.Lock.Job == l.Job {
					t.Errorf("job %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if l := f.held(); won.Load() != 1 || l == nil {
			t.Fatalf("%d have it, %+v", won.Load(), l)
		} else if released, err := release(t.Context(), &f.read, *l); !released || err != nil {
			t.Fatal(released, err)
		}
	}
}

func TestHeldReadsEachVersionsOutput(t *testing.T) {
	for name, c := range map[string]struct {
		said string
		held bool
	}{
		"2.1":                {`echo "Call cib_create failed: File exists" >&2; exit 108`, true},
		"2.0":                {`exit 108`, true},
		"1.1":                {`echo "Call cib_create failed (-76): Name not unique on network" >&2; exit 76`, true},
		"1.1, other status":  {`echo "Call cib_create failed (-76): Name not unique on network" >&2; exit 180`, true},
		"an errno as status": {`echo "Call failed: File exists" >&2; exit 17`, true},
		"not allowed":        {`echo "Call cib_create failed: Permission denied" >&2; exit 4`, false},
		"not connected": {`echo "Could not connect to cluster: Transport endpoint is not connected" >&2; exit 102`,
			false},
		"killed": {`kill -9 $$`, false},
		"schema violation": {`echo "Call cib_create failed: Update does not conform to the configured schema" >&2;` +
			` exit 78`, false},
		"no quorum, of a DC ": {`echo "Call cib_create failed: Quorum not available" >&2; exit 113`, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := locking(t, map[string]string{"cibadmin": `if [ "$1" = --create ]; then ` + c.said +
				`; fi; cat "$here/lab-locked-cib.xml"`})
			var held *Held
			if err := acquire(t.Context(), &f.read, theirs); errors.As(err, &held) != c.held ||
				!c.held && (err == nil || !strings.Contains(err.Error(), "take the cluster's backup lock: ")) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A lock that was held and is free by now is tried again; a lock that nobody holds is not ours.
func TestALockThatIsFreedMeanwhileIsTaken(t *testing.T) {
	const once = `if [ "$1" = --create ] && [ ! -e "$0.once" ]; then touch "$0.once"; `
	for name, first := range map[string]string{"refused": `echo "File exists" >&2; exit 108`,
		"made, and gone": `exit 0`} {
		f := locking(t, map[string]string{"cibadmin": once + first + "; fi\n" + aCIB})
		if err := acquire(t.Context(), &f.read, mine); err != nil || !f.held().Is(mine) ||
			strings.Count(f.Used("cibadmin"), "--create") != 2 {
			t.Errorf("%s: %v\n%s", name, err, f.Used("cibadmin"))
		}
	}
	for got, want := range map[string]string{`echo "File exists" >&2; exit 108`: "nobody has it; try again",
		`exit 0`: "who else changes the cluster's configuration?"} {
		f := locking(t, map[string]string{"cibadmin": `if [ "$1" = --create ]; then ` + got +
			`; fi; cat "$here/lab-cib.xml"`})
		var held *Held
		if err := acquire(t.Context(), &f.read, mine); err == nil || errors.As(err, &held) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", got, err)
		}
	}
}

func TestNothingIsLockedWithoutQuorum(t *testing.T) {
	lost := `sed 's/^Quorate: .*/Quorate: No/' "$here/lab-quorum.txt"`
	for name, changed := range map[string]map[string]string{
		"Pacemaker":                 {"crm_mon": `cat "$here/lab-no-quorum.xml"`},
		"Corosync, which is faster": {"corosync-quorumtool": lost + "; exit 1"},
	} {
		f := locking(t, changed)
		if err := acquire(t.Context(), &f.read, mine); !errors.Is(err, ErrNoQuorum) ||
			!errors.As(err, new(*NotAsked)) ||
			f.Used("cibadmin") != "" {
			t.Errorf("%s: %v, %s", name, err, f.Used("cibadmin"))
		}
	}
	for name, changed := range map[string]map[string]string{
		"Pacemaker": {"crm_mon": `if [ -s "${0%/*}/cibadmin.lock" ]; then cat "$here/lab-no-quorum.xml"; else cat` +
			` "$here/lab-status.xml"; fi`},
		"Corosync": {"corosync-quorumtool": `if [ -s "${0%/*}/cibadmin.lock" ]; then ` + lost +
			`; else cat "$here/lab-quorum.txt"; fi`},
	} {
		f := locking(t, changed)
		if err := acquire(t.Context(), &f.read, mine); !errors.Is(err, ErrNoQuorum) || errors.As(err, new(*NotAsked)) ||
			(f.held() != nil) != (name == "Corosync") || !strings.Contains(f.Used("cibadmin"), "--create") {
			t.Errorf("%s, lost while it is taken: %v, held %+v", name, err, f.held())
		}
	}
}

// A node that is cut off would release the lock in its own copy of the configuration, which the others later replace.
func TestNothingIsFreedWithoutQuorum(t *testing.T) {
	lost := `sed 's/^Quorate: .*/Quorate: No/' "$here/lab-quorum.txt"`
	for name, c := range map[string]struct {
		changed map[string]string
		asked   bool
	}{
		"Pacemaker, without Corosync": {map[string]string{"corosync-quorumtool": "",
			"crm_mon": `if [ -s "${0%/*}/cut" ]; then cat "$here/lab-no-quorum.xml"; else cat "$here/lab-status.xml";` +
				` fi`}, false},
		"Corosync, before": {map[string]string{"corosync-quorumtool": `if [ -s "${0%/*}/cut" ]; then ` + lost +
			`; else cat "$here/lab-quorum.txt"; fi`}, false},
		"Corosync, after": {map[string]string{"corosync-quorumtool": `if [ -s "${0%/*}/cut" ] && [ ! -s` +
			` "${0%/*}/cibadmin.lock" ]; then ` + lost +
			`; else cat "$here/lab-quorum.txt"; fi`}, true},
	} {
		f := locking(t, c.changed)
		if err := acquire(t.Context(), &f.read, mine); err != nil {
			t.Fatal(err)
		}
		cut := filepath.Join(f.Dir, "cut")
		if err := os.WriteFile(cut, []byte("yes"), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // also the second time, when this node's copy may already lack the lock
			if freed, err := release(t.Context(), &f.read, mine); freed || !errors.Is(err, ErrNoQuorum) ||
				!strings.HasPrefix(err.Error(), freeing) {
				t.Errorf("%s: %t, %v", name, freed, err)
			}
		}
		if asked := strings.Contains(f.Used("cibadmin"), "--delete"); asked != c.asked {
			t.Errorf("%s: %s", name, f.Used("cibadmin"))
		}
		// The others' copy replaced it.
		if err := errors.Join(os.Remove(cut), acquire(t.Context(), &f.read, mine)); err != nil {
			t.Fatal(err)
		}
		// A crm_mon that hangs does not keep a lock from being released.
		if _, has := c.changed["crm_mon"]; !has {
			if err := os.WriteFile(filepath.Join(f.Dir, "crm_mon"), []byte("#!/bin/sh\nexec /bin/sleep 600\n"),
				0o755); err != nil {
				t.Fatal(err)
			}
		}
		if freed, err := release(t.Context(), &f.read, mine); !freed || err != nil || f.held() != nil {
			t.Errorf("%s, joined: %t, %v", name, freed, err)
		}
	}
}

func TestAQuorumThatIsNotKnownLocksNothing(t *testing.T) {
	for name, body := range map[string]string{
		"crm_mon": `echo '<pacemaker-result><status code="102" message="Not connected"><errors><error>` +
			`Connection to cluster failed</error></errors></status></pacemaker-result>'; exit 102`,
		"corosync-quorumtool": `echo "Cannot initialize QUORUM service" >&2; exit 1`,
	} {
		f := locking(t, map[string]string{name: body})
		if name == "corosync-quorumtool" {
			if err := os.WriteFile(f.read.Corosync, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := acquire(t.Context(), &f.read, mine)
		if err == nil || !strings.Contains(err.Error(), "read the cluster's state: ") ||
			!strings.Contains(err.Error(), name) || f.Used("cibadmin") != "" {
			t.Errorf("%s: %v, %s", name, err, f.Used("cibadmin"))
		}
	}
}

func TestInvalidValuesOfALockAreRefused(t *testing.T) {
	f := locking(t, nil)
	with := func(change func(*cib.Lock)) cib.Lock { l := mine; change(&l); return l }
	bad := []cib.Lock{}
	for _, text := range []string{"", "x y", `a"]|//*[@id="`, "a'b", "../a", "-a", "a\nb", "ä", "<a/>",
		strings.Repeat("a", 300)} {
		bad = append(bad, with(func(l *cib.Lock) { l.Cluster = text }), with(func(l *cib.Lock) { l.Job = text }),
			with(func(l *cib.Lock) { l.Holder = text }))
		for _, l := range bad[len(bad)-3:] {
			if _, err := Release(t.Context(), l); err == nil {
				t.Errorf("released %+v", l)
			}
		}
	}
	for _, at := range []float64{0, -1, 0.5, math.NaN(), math.Inf(1), math.MaxFloat64} {
		bad = append(bad, with(func(l *cib.Lock) { l.Since = at }), with(func(l *cib.Lock) { l.Expires = at }))
	}
	for _, l := range bad {
		if err := Acquire(t.Context(), l); err == nil {
			t.Errorf("taken: %+v", l)
		}
	}
	if err := Break(t.Context(), with(func(l *cib.Lock) { l.Holder = `x" or "1"="1` })); err == nil ||
		!strings.Contains(err.Error(), "remove it with: cibadmin --delete --xpath '"+path+"'") {
		t.Errorf("broken: %v", err)
	}
	if f.Used("crm_mon")+f.Used("cibadmin") != "" {
		t.Errorf("asked: %s%s", f.Used("crm_mon"), f.Used("cibadmin"))
	}
}

func TestADamagedLockSaysHowToRemoveIt(t *testing.T) {
	xml, _ := cib.LockXML(mine)
	for name, damage := range map[string]string{
		"without values": `<cluster_property_set id="overcloud-backup-lock-` + mine.Cluster + `"/>`,
		"without a time": strings.Replace(xml, `value="1795427052"`, `value=""`, 1),
		"without holder": strings.Replace(xml, `value="controller-1"`, `value=""`, 1),
	} {
		f := locking(t, nil)
		if err := os.WriteFile(filepath.Join(f.Dir, "cibadmin.lock"), []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		_, reading := Read(t.Context(), mine.Cluster)
		_, releasing := Release(t.Context(), mine)
		for _, err := range []error{reading, releasing, Acquire(t.Context(), theirs), Break(t.Context(), mine)} {
			if err == nil || !strings.Contains(err.Error(), "cibadmin --delete --xpath '"+path+"'") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if strings.Contains(f.Used("cibadmin"), "--delete") {
			t.Errorf("%s: it was deleted", name)
		}
	}
	if hint := cib.ByHand(`x' ; reboot '`); strings.Contains(hint, "reboot") {
		t.Error(hint)
	}
}

func TestAFailedDeletionIsNoRelease(t *testing.T) {
	for body, want := range map[string]string{
		`exit 0`: "it is still there; remove it with: cibadmin --delete --xpath '" + path + ofJob + ofNode + "'",
		`echo "Call cib_delete failed: Timer expired" >&2; exit 124`: "free the cluster's backup lock: ",
	} {
		locking(t, map[string]string{"cibadmin": `if [ "$1" = --delete ]; then ` + body +
			`; fi; cat "$here/lab-locked-cib.xml"`})
		if released, err := Release(t.Context(), mine); released || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%t, %v, want %q", released, err, want)
		}
	}
}

// A stopped Pacemaker (SIGSTOP) accepts the connection of a command and never answers.
func TestALockThatHangsEndsAtTheDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		tool, body string
		ask        func(context.Context, *pacemaker.Commands) error
	}{
		"quorum": {"crm_mon", "sleep 600", func(ctx context.Context,
			r *pacemaker.Commands) error {
			return Acquire(ctx, mine)
		}},
		"create": {"cibadmin", `if [ "$1" = --create ]; then sleep 600; fi; ` + aCIB,
			func(ctx context.Context, r *pacemaker.Commands) error { return Acquire(ctx, mine) }},
		"read": {"cibadmin", "sleep 600", func(ctx context.Context, r *pacemaker.Commands) error {
			_, err := Read(ctx, mine.Cluster)
			return err
		}},
		"release": {"cibadmin", `if [ "$1" = --delete ]; then sleep 600; fi; cat "$here/lab-locked-cib.xml"`,
			func(ctx context.Context, r *pacemaker.Commands) error { _, err := Release(ctx, mine); return err }},
		"locks": {"crm_node", "sleep 600", func(ctx context.Context, r *pacemaker.Commands) error {
			_, err := ownLocks(ctx, r)
			return err
		}},
		"view": {"crm_mon", "sleep 600", func(ctx context.Context,
			r *pacemaker.Commands) error {
			_, err := pacemaker.View(ctx)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := locking(t, map[string]string{c.tool: strings.ReplaceAll(c.body, "sleep 600",
				`{ sleep 600 & echo $! >"$0.child"; wait; }`)})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			err := c.ask(ctx, &f.read)
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("took %v", took)
			}
			if err == nil || !strings.Contains(err.Error(), c.tool+": no answer within the time limit") ||
				!strings.Contains(err.Error(), "Pacemaker does not answer on this host") {
				t.Errorf("%v", err)
			}
			pid, err := os.ReadFile(filepath.Join(os.Getenv("PATH"), c.tool+".child"))
			if err != nil {
				t.Fatal(err)
			}
			pacemakertest.Ends(t, strings.TrimSpace(string(pid)))
		})
	}
}

func TestACallWithoutDeadlineGetsOne(t *testing.T) {
	ctx, cancel := pacemaker.WithDeadline(context.Background())
	defer cancel()
	if end, has := ctx.Deadline(); !has || time.Until(end) > pacemaker.DefaultTimeout {
		t.Errorf("%v, %t", end, has)
	}
	outer, end := context.WithTimeout(context.Background(), time.Hour)
	defer end()
	inner, stop := pacemaker.WithDeadline(outer)
	defer stop()
	if at, _ := inner.Deadline(); time.Until(at) < 59*time.Minute {
		t.Errorf("shortened to %v", at)
	}
}

func TestTheLocksOfThisNode(t *testing.T) {
	f := locking(t, nil)
	if locks, err := ownLocks(t.Context(), &f.read); len(locks) != 0 || err != nil {
		t.Errorf("%+v, %v", locks, err)
	}
	for _, l := range []cib.Lock{theirs, mine} {
		if err := acquire(t.Context(), &f.read, l); err != nil {
			t.Fatal(err)
		}
		locks, err := ownLocks(t.Context(), &f.read)
		if err != nil || l == mine && !reflect.DeepEqual(locks, []cib.Lock{mine}) || l != mine && len(locks) != 0 {
			t.Errorf("%+v, %v", locks, err)
		}
		if released, err := release(t.Context(), &f.read, l); !released || err != nil {
			t.Fatal(released, err)
		}
	}
}

// A backup on another node blocks as one here does; a lock that has expired does not.
func TestNoBackupRunsAnywhere(t *testing.T) {
	f := locking(t, nil)
	if err := NoBackup(t.Context()); err != nil {
		t.Errorf("none runs: %v", err)
	}
	for _, c := range []struct {
		lock    cib.Lock
		left    time.Duration
		refused bool
	}{{theirs, time.Hour, true}, {mine, time.Hour, true}, {theirs, -time.Hour, false}} {
		l := c.lock
		l.Expires = float64(time.Now().Add(c.left).Unix())
		if err := acquire(t.Context(), &f.read, l); err != nil {
			t.Fatal(err)
		}
		err := NoBackup(t.Context())
		if (err != nil) != c.refused || c.refused && !strings.Contains(err.Error(),
			"a backup runs on "+l.Holder+" (job "+l.Job) {
			t.Errorf("%+v: %v", l, err)
		}
		if released, err := release(t.Context(), &f.read, l); !released || err != nil {
			t.Fatal(released, err)
		}
	}
}
