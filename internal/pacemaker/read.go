// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/reading"
)

// Options of a reading.
type Options struct {
	Timeout time.Duration // of all commands together; zero or less is DefaultTimeout
	Clock   reading.Clock
}

// Read asks crm_mon, cibadmin, crm_node and corosync-quorumtool, all at once, and joins their answers. It never fails:
// a source that did not answer is an error in the header. If the host has none of them, Present is false.
func Read(ctx context.Context, o Options) Facts { return Local().read(ctx, o) }

func (r *Commands) read(ctx context.Context, o Options) Facts {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	f := assemble(sources{})
	if r.Present() {
		var problems []*reading.Error
		f, problems = r.ask(ctx)
		f.Present = true
		for _, p := range problems {
			if p != nil {
				f.Errors = append(f.Errors, *p)
			}
		}
	}
	o.Clock.Close(&f.Header)
	return f
}

// ask queries the four sources in parallel: each one may take as long as the reading.
func (r *Commands) ask(ctx context.Context) (Facts, []*reading.Error) {
	s := sources{}
	s.host, _ = os.Hostname()
	problems := make([]*reading.Error, 4)
	var all sync.WaitGroup
	all.Go(func() { s.status, problems[0] = r.Status(ctx) })
	all.Go(func() { s.cib, problems[1] = r.cib(ctx) })
	all.Go(func() { s.local, problems[2] = r.local(ctx) })
	all.Go(func() { s.corosync, problems[3] = r.Quorum(ctx) })
	all.Wait()
	return assemble(s), problems
}

// Status asks crm_mon. Before 2.0.3 it does not know --output-as, and --as-xml is gone in 3.0; there, resources that
// run nowhere are only listed with --inactive.
func (r *Commands) Status(ctx context.Context) (*crmmon.Status, *reading.Error) {
	a := r.Run(ctx, "crm_mon", "-1", "--output-as=xml")
	if a.refused() {
		a = r.Run(ctx, "crm_mon", "-1", "--as-xml", "--inactive")
	}
	if a.Err != nil {
		return nil, a.problem("crm_mon")
	}
	s, err := crmmon.Parse(a.Out)
	if err != nil {
		a.Err = &unreadable{err}
		return nil, a.problem("crm_mon")
	}
	return s, nil
}

// cib reads only the configuration: the other half of the CIB is what crm_mon prints. --local reads this host's copy
// and needs no DC.
func (r *Commands) cib(ctx context.Context) (*cib.CIB, *reading.Error) {
	a := r.Run(ctx, "cibadmin", "--query", "--local", "--scope", "configuration")
	if a.Err != nil {
		return nil, a.problem("cibadmin")
	}
	c, err := cib.Parse(a.Out)
	if err != nil {
		a.Err = &unreadable{err}
		return nil, a.problem("cibadmin")
	}
	return c, nil
}

func (r *Commands) local(ctx context.Context) (string, *reading.Error) {
	a := r.Run(ctx, "crm_node", "-n")
	if a.Err != nil {
		return "", a.problem("crm_node")
	}
	name := strings.TrimSuffix(string(a.Out), "\n")
	if name == "" || len(name) > 255 || strings.ContainsAny(name, " \t\r\n<>") {
		a.Err = &unreadable{fmt.Errorf("%q is not a node name", excerpt.Of(name))}
		return "", a.problem("crm_node")
	}
	return name, nil
}

// Quorum asks Corosync. Its exit status means "quorate" in one version and "not quorate" in the next, so the text
// counts. A host without Corosync (a Pacemaker remote) has nothing to report, which is not a failure.
func (r *Commands) Quorum(ctx context.Context) (*Corosync, *reading.Error) {
	a := r.Run(ctx, "corosync-quorumtool", "-s", "-i")
	if errors.Is(a.Err, process.ErrNotFound) && !exists(r.Corosync) {
		return nil, nil
	}
	var exit *process.ExitError
	if a.Err != nil && !errors.As(a.Err, &exit) {
		return nil, a.problem("corosync-quorumtool")
	}
	c, err := ParseQuorum(a.Out)
	if err == nil {
		return &c, nil
	}
	if a.Err == nil {
		a.Err = &unreadable{err}
	}
	return nil, a.problem("corosync-quorumtool")
}
