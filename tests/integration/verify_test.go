// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// record is the part of a set's verified.json that the tests read.
type record struct {
	Read *struct {
		OK bool `json:"ok"`
	} `json:"read"`
	Restore *struct {
		OK       bool   `json:"ok"`
		Host     string `json:"host"`
		Restored struct {
			Checked int `json:"checked"`
			Tables  []struct {
				Schema   string `json:"schema"`
				Name     string `json:"name"`
				Rows     int64  `json:"rows"`
				Checksum string `json:"checksum"`
			} `json:"tables"`
		} `json:"restored"`
	} `json:"restore"`
}

// record reads a set's verified.json; it is nil if there is none.
func (l lab) record(controller, set string) *record {
	l.t.Helper()
	raw := l.on(controller, "cat "+set+"/verified.json 2>/dev/null || true")
	if raw == "" {
		return nil
	}
	var r record
	if err := json.Unmarshal([]byte(raw), &r); err != nil {
		l.t.Fatalf("%v\n%s", err, raw)
	}
	return &r
}

// tables returns the same lines as lab.checksums of a live server.
func (r record) tables() string {
	var lines []string
	for _, t := range r.Restore.Restored.Tables {
		lines = append(lines, fmt.Sprintf("%s.%s\t%d\t%s", t.Schema, t.Name, t.Rows, t.Checksum))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

const scratch = "/var/lib/overcloud.backup/scratch"

// traces lists the files that a verification may write, with times and sizes, on every controller.
func (l lab) traces() string {
	l.t.Helper()
	var all strings.Builder
	for _, n := range names(3) {
		all.WriteString(n + "\n" + l.on(n, "find "+destination+" "+scratch+
			" /var/lib/overcloud.backup/verifications /run/overcloud.backup -printf '%p %s %T@ %m %U\\n' 2>/dev/null"+
			" | sort"))
	}
	return all.String()
}

// nothingOfAVerificationIsLeft looks for its processes, its copy and its arguments.
func (l lab) nothingOfAVerificationIsLeft(controller string) {
	l.t.Helper()
	left := l.on(controller, "ls "+scratch+" | grep -vx overcloud_verify.lock; find /run/overcloud.backup -name"+
		" arguments; pgrep -af [o]verclou[d]_verify.run; "+
		"systemctl list-units --all --plain --no-legend 'overcloud-backup-*' | grep -v galera; true")
	if left != "" {
		l.t.Errorf("left on %s:\n%s", controller, left)
	}
}

// quiet returns the lab with new data in it, and without writers.
func quiet(t *testing.T) lab {
	l := fresh(t)
	for _, n := range names(3) {
		l.on(n, "rm -rf "+scratch)
	}
	l.run("load", "start")
	l.run("load", "stop")
	return l
}

// TestVerify takes sets and verifies them as an operator would. All cases use one lab, because bringing it up again
// takes longer than all of them.
func TestVerify(t *testing.T) {
	quiet(t)
	t.Run("physical", func(t *testing.T) {
		l := lab{t}
		_, set, m := l.backup(map[string]any{"controller_backup_method": "physical",
			"controller_backup_verify": "none"})
		l.checkModeVerifiesNothing(set, m.Controller)
		l.aRestoreIsAsTheLiveServer(set, m.Controller)
		l.aFlippedBitIsNamed(m.Controller, set, "restore")
	})
	t.Run("logical", func(t *testing.T) {
		l := lab{t}
		_, set, m := l.backup(map[string]any{"controller_backup_method": "logical", "controller_backup_verify": "none"})
		l.aRestoreIsAsTheLiveServer(set, m.Controller)
		l.aFlippedBitIsNamed(m.Controller, set, "read")
	})
	t.Run("right after the backup, then killed", func(t *testing.T) {
		l := lab{t}
		l.run("load", "start")
		from := time.Now().Unix()
		out, set, m := l.backup(map[string]any{"controller_backup_verify": "restore"})
		if r := l.record(m.Controller, set); r == nil || r.Restore == nil || !r.Restore.OK ||
			r.Restore.Restored.Checked < 30 {
			t.Fatalf("the record is %+v\n%s", r, out)
		}
		l.nothingOfAVerificationIsLeft(m.Controller)
		l.on(m.Controller, "rm "+set+"/verified.json")
		l.aKilledVerificationLeavesNothing(m.Controller, set)
		l.run("load", "stop")
		l.clientsSawNothing(from, time.Now().Unix())
	})
}

// aRestoreIsAsTheLiveServer verifies the newest set and compares every table of the record with the live server: nobody
// has written since.
func (l lab) aRestoreIsAsTheLiveServer(set, controller string) {
	l.t.Helper()
	out, err := l.play("playbooks/verify.yml", nil)
	if err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out, set) || !strings.Contains(out, "tables undamaged") {
		l.t.Errorf("not said what was proven:\n%s", out)
	}
	r := l.record(controller, set)
	if r == nil || r.Restore == nil || !r.Restore.OK || r.Restore.Host != controller {
		l.t.Fatalf("the record is %+v", r)
	}
	if live := l.checksums(controller); r.tables() != live || strings.Count(live, "\n") < 5 {
		l.t.Errorf("restored:\n%s\nlive:\n%s", r.tables(), live)
	}
	l.nothingOfAVerificationIsLeft(controller)
}

func (l lab) checkModeVerifiesNothing(set, controller string) {
	l.t.Helper()
	before := l.traces()
	out, err := l.play("playbooks/verify.yml", nil, "--check")
	if err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	if after := l.traces(); after != before {
		l.t.Errorf("before --check:\n%s\nafter:\n%s", before, after)
	}
	if !strings.Contains(out, "would verify "+set+" by the level restore") || !strings.Contains(out, controller) {
		l.t.Errorf("no plan:\n%s", out)
	}
}

// flip inverts one bit in the middle of a file, and returns its offset.
func (l lab) flip(controller, path string) int64 {
	l.t.Helper()
	out := l.on(controller, "f="+path+`; o=$(($(stat -c %s "$f") / 2)); b=$(od -An -tu1 -j $o -N1 "$f"); `+
		`printf "\\$(printf %03o $((b ^ 16)))" | dd of="$f" bs=1 seek=$o conv=notrunc status=none; echo $o`)
	offset, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	if err != nil {
		l.t.Fatal(err)
	}
	return offset
}

// aFlippedBitIsNamed damages the set's data. The reported offset is that of the frame with the bit.
func (l lab) aFlippedBitIsNamed(controller, set, level string) {
	l.t.Helper()
	file := l.on(controller, "ls -S "+set+" | head -n 1")
	offset := l.flip(controller, set+"/"+file)
	out, err := l.play("playbooks/verify.yml", map[string]any{"controller_verify_level": level})
	if err == nil {
		l.t.Fatalf("a set with a flipped bit was called good:\n%s", out)
	}
	found := regexp.MustCompile(regexp.QuoteMeta(file) + `, offset (\d+): `).FindStringSubmatch(out)
	if found == nil {
		l.t.Fatalf("file and offset are not named; bit flipped in %s at %d:\n%s", file, offset, out)
	}
	if named, err := strconv.ParseInt(found[1], 10, 64); err != nil || named > offset ||
		!strings.Contains(out, set+" is damaged") {
		l.t.Errorf("flipped at %d, named is %s\n%s", offset, found[1], out)
	}
	if r := l.record(controller, set); r == nil || r.Read == nil || r.Read.OK {
		l.t.Errorf("the record does not say that the set cannot be read: %+v", r)
	}
	l.nothingOfAVerificationIsLeft(controller)
}

// aKilledVerificationLeavesNothing kills it while its scratch server runs.
func (l lab) aKilledVerificationLeavesNothing(controller, set string) {
	l.t.Helper()
	type ended struct {
		out string
		err error
	}
	end := make(chan ended, 1)
	go func() {
		out, err := l.play("playbooks/verify.yml", nil)
		end <- ended{out, err}
	}()
	// A single command on the controller, because a scratch server with little data lives for only a second.
	l.on(controller,
		`for i in $(seq 1200); do pgrep -f '[m]ariadbd.*overcloud_verify.run' >/dev/null && break; sleep 0.05; done
		exec systemctl kill --signal=KILL --kill-who=main 'overcloud-backup-*.service'`)
	e := <-end
	if e.err == nil || !strings.Contains(e.out, "ended by force (SIGKILL)") {
		l.t.Errorf("killed, but it says:\n%s", e.out)
	}
	l.nothingOfAVerificationIsLeft(controller)
	if r := l.record(controller, set); r != nil {
		l.t.Errorf("a killed verification left a record: %+v", r)
	}
}
