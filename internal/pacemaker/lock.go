// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"fmt"
	"math"
	"strconv"

	"overcloud.backup/internal/excerpt"
)

// A lock is a set of its own in crm_config, created as a whole by `cibadmin --create --scope crm_config` (which
// refuses a second one with the same id) and deleted as a whole. The wsrep cluster state UUID is part of every id:
//
//	<cluster_property_set id="overcloud-backup-lock-UUID">
//	  <nvpair id="overcloud-backup-lock-UUID-holder"  name="overcloud-backup-holder"  value="controller-1"/>
//	  <nvpair id="overcloud-backup-lock-UUID-job"     name="overcloud-backup-job"     value="20261122T190000Z-4f2a"/>
//	  <nvpair id="overcloud-backup-lock-UUID-since"   name="overcloud-backup-since"   value="1795374000"/>
//	  <nvpair id="overcloud-backup-lock-UUID-expires" name="overcloud-backup-expires" value="1795377600"/>
//	</cluster_property_set>
//
// The names are prefixed because Pacemaker merges the sets of crm_config into one table of cluster options.
const (
	LockPrefix  = "overcloud-backup-lock-"
	LockHolder  = "overcloud-backup-holder"
	LockJob     = "overcloud-backup-job"
	LockSince   = "overcloud-backup-since"   // seconds since the epoch, decimal
	LockExpires = "overcloud-backup-expires" // seconds since the epoch, decimal

	lockPairs = "overcloud-backup-" // begins all names of a lock's pairs
)

// byHand says how to remove a lock that is not whole; only an id that needs no quoting is put into a command.
func byHand(cluster string) string {
	if id := LockPrefix + cluster; plain.MatchString(id) {
		return "if no backup runs, remove it with: cibadmin --delete --xpath '" + lockPath(Lock{Cluster: cluster}) + "'"
	}
	return "if no backup runs, remove it with cibadmin --delete"
}

// parseLock refuses a lock that is not whole: guessed times would make it look free.
func parseLock(cluster string, values map[string]string) (Lock, error) {
	l := Lock{Cluster: cluster, Holder: values[LockHolder], Job: values[LockJob]}
	if cluster == "" || l.Holder == "" || l.Job == "" {
		return l, fmt.Errorf("cluster, %s or %s is missing; %s", LockHolder, LockJob, byHand(cluster))
	}
	var err error
	if l.Since, err = parseEpoch(LockSince, values[LockSince]); err == nil {
		l.Expires, err = parseEpoch(LockExpires, values[LockExpires])
	}
	if err != nil {
		return l, fmt.Errorf("%w; %s", err, byHand(cluster))
	}
	return l, nil
}

func parseEpoch(name, text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%s is %q, expected seconds since the epoch", name, excerpt.Of(text))
	}
	return n, nil
}
