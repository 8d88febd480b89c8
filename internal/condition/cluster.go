// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"cmp"
	"fmt"
	"strings"

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
		Meaning: "Number of other healthy standbys that must remain to take over the clients.",
	}
)

var proxy = []Condition{
	{
		Code: ServerDown, Meaning: "HAProxy on the VIP holder does not report it as up",
		Needs:  []string{"haproxy proxies[].servers[].status proxies[].servers[].status_text"},
		Seen:   "HAProxy does not report it as up",
		Remedy: "The message has the check's result: query the health check (port 9200) by hand", Check: serverDown,
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
	},
	{
		Code: LastStandby, Meaning: "without it too few healthy standbys remain", Limit: &MinSpares, Last: true,
		Remedy: "Bring the third controller back. In a cluster of two, or in an emergency," +
			" `controller_backup_min_spares: 0`",
		Check: lastStandby,
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

// locked looks for a lock of this cluster, or one that does not say whose it is. One that expired is taken over.
func locked(s Subject, _ Limits) string {
	for _, k := range s.Locks {
		mine := k.Cluster == "" || s.UUID == "" || alike(k.Cluster, s.UUID)
		if left := k.Expires - s.Now; mine && (left > 0 || k.Expires == 0) {
			return fmt.Sprintf("job %s on %s holds the lock for another %.0f s", cmp.Or(k.Job, "unknown"),
				cmp.Or(k.Holder, "unknown"), max(left, 0))
		}
	}
	return ""
}

// lastStandby counts the others that could take over the clients.
func lastStandby(s Subject, l Limits) string {
	limit := int(l.Whole(MinSpares))
	if len(s.Spares) >= limit {
		return ""
	}
	return fmt.Sprintf("other healthy standbys: %d (%s) < %d", len(s.Spares),
		cmp.Or(strings.Join(s.Spares, ", "), "none"), limit)
}
