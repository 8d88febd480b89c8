// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/backup/content"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/quantity"
)

// needed returns how many other controllers must be able to serve: the active one, unless it is this one, and the
// spares, of which this one is another while it stays in service.
func (j *Job) needed() guard.Needed {
	least := j.o.MinSpares
	switch {
	case least <= 0:
		return guard.Needed{}
	case j.serves:
		return guard.Needed{Without: least, With: least}
	}
	return guard.Needed{Without: least + 1, With: least}
}

// spares refuses a node if too few could serve during its backup, and one that Pacemaker is configured to leave alone.
// If they are enough only together with this node, it stays in service.
func (j *Job) spares(ctx context.Context, w galera.Wsrep) error {
	n, others := j.needed(), w.Databases()-1
	if few := condition.FewMembers(others, n.With); few != "" {
		return j.tooFew(few)
	}
	v, err := readCluster(ctx)
	if err != nil && j.o.MinSpares <= 0 {
		return nil // nothing is required of the others
	}
	if err != nil {
		return err
	}
	few := condition.FewMembers(others, n.Without)
	if v.Present {
		if err := condition.CountedOn(v); err != nil {
			return notFit(err)
		}
		if few := condition.FewPromoted(v.Promoted, n.With); few != "" {
			return j.tooFew(few)
		}
		if few == "" {
			few = condition.FewPromoted(v.Promoted, n.Without)
		}
	}
	j.members = w.ClusterSize
	return j.stay(n, few)
}

func (j *Job) tooFew(few string) error {
	return fmt.Errorf("this node is needed as a spare: %s (min_spares is %d)", few, j.o.MinSpares)
}

// stay keeps the node in service from now on if it is needed as a spare: few says so, or the decision, which sees more
// than Galera's and Pacemaker's members. A decision cannot release it. It refuses what would take the node out.
func (j *Job) stay(n guard.Needed, few string) error {
	if few == "" && j.decided && n.With < n.Without {
		few = "the decision found too few other spares"
	}
	if few == "" && !j.stays {
		return nil
	}
	if j.stays = true; few != "" {
		j.few = few
	}
	const fix = "bring the other controllers back, or set min_spares to 0 if nothing has to be able to take over"
	switch {
	case j.o.Desync == DesyncAlways:
		return fmt.Errorf("this node is needed as a spare (%s), and desync: always would take it out of service: set"+
			" desync: auto, %s", few, fix)
	case tool.TakesReadLock(j.tool, j.server):
		return fmt.Errorf("this node is needed as a spare (%s), and %s of a server before 10.4 keeps it from writing"+
			" while it copies (FLUSH TABLES WITH READ LOCK): set method: logical, %s", few, j.tool.Path, fix)
	}
	j.o.Desync, j.plan.Desync, j.plan.Stays = DesyncNever, DesyncNever, true
	return nil
}

// usualStall is the default of max_commit_stall: any other was set on purpose.
const usualStall = time.Second

// checkLocks refuses, on a node that is needed as a spare, a tool that would hold its last locks for too long. Tools
// before 10.8 copy everything that is not InnoDB meanwhile.
func (j *Job) checkLocks(context.Context, *mariadb.Client) error {
	limit := j.o.CommitStall(j.stays)
	if !j.stays || j.tool.Method != tool.Physical {
		return nil
	}
	if j.o.MaxCommitStall != limit && j.o.MaxCommitStall != usualStall {
		j.warn("max_commit_stall is %s instead of %s, because this node is needed as a spare", limit,
			j.o.MaxCommitStall)
	}
	if !tool.Older(j.server, 10, 8) {
		return nil
	}
	at, err := j.container.Place.Resolve(j.server.Datadir)
	if err != nil {
		return fmt.Errorf("read the datadir: %w", err)
	}
	held, err := content.HeldFiles(at)
	if err != nil || held.Time() <= limit {
		return err
	}
	return thisNode(fmt.Errorf("this node is needed as a spare, and %s copies %s that are not InnoDB (%s) in its last"+
		" locks, which may take %.1f s, and max_commit_stall is %s then: set method: logical, or bring the other"+
		" controllers back", j.tool.Path, quantity.Count(held.Files, "file"), quantity.Bytes(held.Bytes),
		held.Time().Seconds(), limit))
}

// spareSteps says in the plan what is different on a node that is needed as a spare.
func (j *Job) spareSteps() []string {
	if !j.stays {
		return nil
	}
	var stops []string
	if !j.o.AllowClients {
		stops = append(stops, "when clients come")
	}
	stops = append(stops, "when this node holds up the writers", fmt.Sprintf(
		"when the tool keeps it from committing for longer than %s", j.o.CommitStall(j.stays)))
	step := fmt.Sprintf("keep this node in service, because it is needed as a spare (%s): wsrep_desync stays"+
		" OFF, and the backup stops %s", j.few, strings.Join(stops, ", or "))
	if j.members == 2 {
		step += " (the Galera cluster has two members: with or without a backup, the death of either costs the other" +
			" its majority, and Pacemaker bootstraps it only when every node has reported: bring the third back soon)"
	}
	return []string{step}
}

// drainShortly is how long the receive queue of a desynced node may take to drain when the node becomes needed as a
// spare. A longer queue ends the backup, and drains as after any other.
const drainShortly = 2 * time.Second

// staying gives the guard what it needs to know and to do about spares.
func (r *running) staying(c *guard.Config) {
	c.Needed, c.Stays = r.needed(), r.stays
	if tool.TakesReadLock(r.tool, r.server) {
		c.With = c.Without // it cannot stay in service
	}
	c.Stay = func(ctx context.Context) error { return r.desync.Stay(ctx, drainShortly) }
}
