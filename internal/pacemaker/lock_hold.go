// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"overcloud.backup/internal/process"
)

// LockHeld says that somebody else holds the lock.
type LockHeld struct{ Lock Lock }

func (e *LockHeld) Error() string {
	l := e.Lock
	return fmt.Sprintf("the cluster's backup lock is held by %s, job %s, since %s, until %s at the latest", l.Holder, l.Job, clock(l.Since), clock(l.Expires))
}

func clock(epoch float64) string { return time.Unix(int64(epoch), 0).UTC().Format(time.RFC3339) }

// ErrNoQuorum refuses a lock where another partition could give it to somebody else.
var ErrNoQuorum = errors.New("this partition of the cluster has no quorum, and without it a lock locks nothing")

// What may stand in an XPath and in an id, so that nothing has to be quoted there.
var (
	uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	jobPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

func checkLock(cluster, job string) error {
	if !uuidPattern.MatchString(cluster) {
		return fmt.Errorf("%q is no wsrep cluster state UUID", shorten(cluster))
	}
	if !jobPattern.MatchString(job) {
		return fmt.Errorf("%q is no job id", shorten(job))
	}
	return nil
}

// Acquire takes the lock of l.Cluster, atomically for the whole cluster. Errors: *LockHeld, ErrNoQuorum, the commands' own.
func Acquire(ctx context.Context, l Lock) error { return here().acquire(ctx, l) }

// Release frees the lock if job holds it. That it is free, or another job's, is no error.
func Release(ctx context.Context, cluster, job string) (released bool, err error) {
	return here().release(ctx, cluster, job)
}

// ReadLock is the lock of a cluster, nil when it is free.
func ReadLock(ctx context.Context, cluster string) (*Lock, error) {
	return here().readLock(ctx, cluster)
}

// Locks are the backup locks of all clusters that this node's name holds. A host without Pacemaker has none.
func Locks(ctx context.Context) (own []Lock, err error) {
	r := here()
	if !r.present() {
		return nil, nil
	}
	name, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.locks(ctx)
	for _, l := range all {
		if l.Holder == name {
			own = append(own, l)
		}
	}
	return own, err
}

// Break frees a lock that its holder cannot free any more; the caller has the evidence. It leaves a lock alone that
// another job has taken meanwhile.
func Break(ctx context.Context, stale Lock) error {
	_, err := here().release(ctx, stale.Cluster, stale.Job)
	return err
}

func (r *reader) acquire(ctx context.Context, l Lock) error {
	if err := checkLock(l.Cluster, l.Job); err != nil {
		return err
	}
	s, problem := r.status(ctx)
	if problem != nil {
		return fmt.Errorf("read the cluster's state: %s", problem.Message)
	}
	if !s.Quorum {
		return ErrNoQuorum
	}
	xml, err := lockXML(l)
	if err != nil {
		return err
	}
	a := r.run(ctx, "cibadmin", "--create", "--scope", "crm_config", "--xml-text", xml)
	if a.err != nil && !a.exists() {
		return fmt.Errorf("take the cluster's backup lock: %w", a.err)
	}
	// Also after a success: it is the cluster's answer that counts.
	holder, err := r.readLock(ctx, l.Cluster)
	switch {
	case err != nil:
		return err
	case holder == nil:
		return errors.New("take the cluster's backup lock: it was made, and then it was not there; try again")
	case holder.Job != l.Job || holder.Holder != l.Holder:
		return &LockHeld{*holder}
	}
	return nil
}

// exists says that there is such an element already: exit status 108 of Pacemaker 2, 76 of 1.1.
func (a answer) exists() bool {
	var exit *process.ExitError
	if !errors.As(a.err, &exit) {
		return false
	}
	return exit.Code == 108 || exit.Code == 76 || strings.Contains(exit.Stderr, "File exists") || strings.Contains(exit.Stderr, "Name not unique")
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

func (r *reader) release(ctx context.Context, cluster, job string) (bool, error) {
	if err := checkLock(cluster, job); err != nil {
		return false, err
	}
	held, err := r.readLock(ctx, cluster)
	if err != nil || held == nil || held.Job != job {
		return false, err
	}
	// The condition stands in the path, so nobody else's lock goes, even if it changed hands just now.
	path := fmt.Sprintf(`//cluster_property_set[@id="%s"][nvpair[@name="%s" and @value="%s"]]`, LockPrefix+cluster, LockJob, job)
	if a := r.run(ctx, "cibadmin", "--delete", "--xpath", path); a.err != nil {
		return false, fmt.Errorf("free the cluster's backup lock: %w", a.err)
	}
	// cibadmin exits 0 also when nothing matched.
	held, err = r.readLock(ctx, cluster)
	if err == nil && held != nil && held.Job == job {
		err = errors.New("free the cluster's backup lock: it is still there; remove it with cibadmin --delete --xpath '" + path + "'")
	}
	return err == nil, err
}

func (r *reader) readLock(ctx context.Context, cluster string) (*Lock, error) {
	locks, err := r.locks(ctx)
	for _, l := range locks {
		if l.Cluster == cluster {
			return &l, err
		}
	}
	return nil, err
}

func (r *reader) locks(ctx context.Context) ([]Lock, error) {
	a := r.run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.err != nil {
		return nil, fmt.Errorf("read the cluster's backup lock: %w", a.err)
	}
	c, err := ParseCIB(a.out)
	if err != nil {
		return nil, fmt.Errorf("read the cluster's backup lock: %w", err)
	}
	return c.Locks, nil
}
