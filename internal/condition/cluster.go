// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/quantity"
)

// Codes about the surroundings of the node: its state in HAProxy, its room, the cluster's lock, the other standbys.
const (
	ServerDown  Code = "server_down"
	NoSpace     Code = "no_space"
	Locked      Code = "locked"
	LastStandby Code = "last_standby"
)

// Limits of the remaining resources.
var (
	MinFreeSpace = Limit{
		Name: "min_free_space", Default: 1 << 30, Whole: true, Unit: "bytes",
		Meaning: "Minimum free space on the datadir's file system, in bytes.",
	}
	MinSpares = Limit{
		Name: "min_spares", Default: 1, Whole: true,
		Meaning: "Number of healthy standbys that can take over the clients during a backup. The chosen one counts," +
			" and stays in service, if it is idle and the others are too few. It is not desynced then, as is always" +
			" so with 2 and three controllers. 0 requires none, and lets even an only spare be desynced.",
	}
)

var proxy = []Condition{
	{
		Code: ServerDown, Meaning: "HAProxy on the VIP holder does not report it as up",
		Needs:  []string{"haproxy proxies[].servers[].status proxies[].servers[].status_text"},
		Seen:   "HAProxy does not report it as up",
		Remedy: "The message has the check's result: query the health check (port 9200) by hand", Check: serverDown,
		Passes: &Passing{When: "only while HAProxy's checks succeed again", If: comesUp},
	},
}

var space = []Condition{
	{
		Code: NoSpace, Meaning: "the datadir's file system is nearly full", Limit: &MinFreeSpace, Harmless: true,
		Needs:  []string{"galera storage.datadir_total storage.datadir_free"},
		Seen:   "too little space is free on the datadir's file system, or the free space is unknown",
		Remedy: "Make room",
		Check:  noSpace,
	},
}

var cluster = []Condition{
	{
		Code: Locked, Meaning: "another backup holds the cluster's lock", Harmless: true,
		Needs: []string{"pacemaker locks[].cluster locks[].expires"},
		Remedy: "Wait, or `state: cancelled` on the node that the message names. If no job runs there: `state:" +
			" recovered` there",
		Check: locked,
		Passes: &Passing{
			When: "yes, when that job ends, unless only some of those that answered report it, or its time is " +
				"impossible",
			If: lockEnds,
		},
	},
	{
		Code: LastStandby, Meaning: "too few healthy standbys could take over the clients", Limit: &MinSpares,
		Last: true,
		Remedy: "Bring the other controllers back, or require fewer spares (`controller_backup_min_spares`; with `0`" +
			" nothing has to be able to take over)",
		Check: lastStandby,
		Passes: &Passing{
			When: "yes, if enough other standbys are rejected only for reasons that pass",
			If:   func(s Subject) bool { return s.SparesReturn },
		},
	},
}

func serverDown(s Subject, _ Limits) string {
	if s.Backend == nil || s.Backend.Usable() {
		return ""
	}
	result := s.Backend.CheckStatus
	if s.Backend.CheckCode > 0 {
		result += fmt.Sprintf(" %d", s.Backend.CheckCode)
	}
	return strings.TrimSpace(fmt.Sprintf("HAProxy on %s has %s %s %s", s.Balancer, s.Backend.Name,
		cmp.Or(s.Backend.Raw, "unknown"), result))
}

// comesUp reports a server whose last checks succeeded, as in "DOWN 1/2".
func comesUp(s Subject) bool {
	return s.Backend != nil && strings.HasPrefix(s.Backend.Raw, "DOWN ") && strings.Contains(s.Backend.Raw, "/")
}

func noSpace(s Subject, l Limits) string {
	limit := l.Whole(MinFreeSpace)
	if s.Database == nil || limit == 0 {
		return ""
	}
	room := s.Database.Storage
	if room.DatadirTotal <= 0 {
		return "free space of the datadir's file system is unknown"
	}
	if room.DatadirFree >= limit {
		return ""
	}
	return fmt.Sprintf("free %s < %s of %s", quantity.Bytes(room.DatadirFree), quantity.Bytes(limit),
		quantity.Bytes(room.DatadirTotal))
}

func locked(s Subject, _ Limits) string {
	k := s.lock()
	if k == nil {
		return ""
	}
	return fmt.Sprintf("job %s on %s holds the lock for another %.0f s", cmp.Or(k.Job, "unknown"),
		cmp.Or(k.Holder, "unknown"), max(k.Expires-s.Now, 0))
}

// lock returns a lock of this cluster, or one that does not say whose it is; nil if there is none. One that expired is
// taken over.
func (s Subject) lock() *cib.Lock {
	for _, k := range s.Locks {
		mine := k.Cluster == "" || s.UUID == "" || alike(k.Cluster, s.UUID)
		if mine && (k.Expires > s.Now || k.Expires == 0) {
			return &k
		}
	}
	return nil
}

// longestLock is more than a job can ask for, in seconds: max_duration and drain_timeout are at most 11 days each.
const longestLock = 30 * 24 * 3600

// lockEnds reports that the lock will be freed. The nodes report the same configuration: a lock that only some of them
// report may be a false one, and so may one that lasts longer than any job.
func lockEnds(s Subject) bool {
	k := s.lock()
	return k != nil && !s.Divided && k.Expires > 0 && k.Expires-s.Now <= longestLock
}

// lastStandby counts those that could take over the clients while this node is backed up: the others, and the node
// itself, which stays in service if they are too few.
func lastStandby(s Subject, l Limits) string {
	limit := l.Whole(MinSpares)
	spares := slices.Clone(s.Spares)
	if s.Spare {
		spares = append(spares, "itself")
	}
	if int64(len(spares)) >= limit {
		return ""
	}
	return fmt.Sprintf("healthy standbys: %d (%s) < %d", len(spares),
		cmp.Or(strings.Join(spares, ", "), "none"), limit)
}

// Stays reports that a node is needed as a spare while it is used: without it the others are too few.
func Stays(s Subject, l Limits) bool { return s.Spare && int64(len(s.Spares)) < l.Whole(MinSpares) }
