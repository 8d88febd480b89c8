// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
)

// What may stand in an XPath, in an id and in a shell's quotes, so that nothing has to be quoted there.
var (
	uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	jobPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	plain       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$`)
)

// checkIDs refuses what is no id of a cluster or a job.
func checkIDs(cluster, job string) error {
	if !uuidPattern.MatchString(cluster) {
		return fmt.Errorf("%q is no wsrep cluster state UUID", excerpt.Of(cluster))
	}
	if !jobPattern.MatchString(job) {
		return fmt.Errorf("%q is no job id", excerpt.Of(job))
	}
	return nil
}

// checkHolder refuses a node name that cannot stand in a lock.
func checkHolder(name string) error {
	if !plain.MatchString(name) {
		return fmt.Errorf("%q is no node name that can stand in a lock", excerpt.Of(name))
	}
	return nil
}

// check refuses a lock that could not be read back: such a one would be damage for everybody.
func (l Lock) check() error {
	if err := errors.Join(checkIDs(l.Cluster, l.Job), checkHolder(l.Holder)); err != nil {
		return err
	}
	for _, at := range []float64{l.Since, l.Expires} {
		if !(at >= 1) || at > math.MaxInt32*100 {
			return fmt.Errorf("%v is no time in seconds since the epoch", at)
		}
	}
	return nil
}

// lockPath is the XPath of a cluster's lock, only if it is held by this job and holder, where they are given.
func lockPath(l Lock) string {
	path := `//cluster_property_set[@id="` + LockPrefix + l.Cluster + `"]`
	for _, c := range [][2]string{{LockJob, l.Job}, {LockHolder, l.Holder}} {
		if c[1] != "" {
			path += `[nvpair[@name="` + c[0] + `" and @value="` + c[1] + `"]]`
		}
	}
	return path
}

// lockXML is the element that lock.go documents.
func lockXML(l Lock) (string, error) {
	doc := etree.NewDocument()
	id := LockPrefix + l.Cluster
	set := doc.CreateElement("cluster_property_set")
	set.CreateAttr("id", id)
	for _, pair := range [][2]string{
		{LockHolder, l.Holder}, {LockJob, l.Job}, {LockSince, epoch(l.Since)}, {LockExpires, epoch(l.Expires)},
	} {
		nvpair := set.CreateElement("nvpair")
		nvpair.CreateAttr("id", id+strings.TrimPrefix(pair[0], "overcloud-backup"))
		nvpair.CreateAttr("name", pair[0])
		nvpair.CreateAttr("value", pair[1])
	}
	return doc.WriteToString()
}

func epoch(seconds float64) string { return strconv.FormatInt(int64(seconds), 10) }
