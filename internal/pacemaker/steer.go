// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
)

// Agent is the galera resource as a restore steers it.
type Agent struct {
	Resource string // the primitive
	// Parent is the outermost clone or bundle, by which it is stopped, started and banned.
	Parent string
	Bundle bool
	// Engine (podman, docker) and Image are those of a bundle's containers.
	Engine, Image string
	// Config, Datadir, User and Group are those of the agent; empty where its default counts.
	Config, Datadir, User, Group string
	// Members are the Pacemaker nodes that it runs on, as the agent knows them.
	Members []string
	// TargetRole is the parent's target-role; empty when it is not set.
	TargetRole string
	// Promote is the time limit of the agent's promotion, within which a controller copies the data of another one; 0 when it
	// cannot be read.
	Promote time.Duration
	// Managed is false when the configuration of the primitive or of what is around it says so.
	Managed bool
}

const targetRole = "target-role"

// ErrNoGalera says that the cluster has no galera resource.
var ErrNoGalera = errors.New("the cluster's configuration has no resource ocf:heartbeat:galera")

// GaleraAgent reads the galera resource from the CIB.
func GaleraAgent(ctx context.Context) (Agent, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	a := here().run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.err != nil {
		return Agent{}, a.failure("read the galera resource")
	}
	return parseAgent(a.out)
}

func parseAgent(cib []byte) (Agent, error) {
	root, err := document(cib, "cib", "configuration")
	if err != nil {
		return Agent{}, err
	}
	refer := referTo(root)
	for _, e := range root.FindElements("//primitive") {
		if refer.agent(e) != agentGalera {
			continue
		}
		outer := around(e)
		galera, err := refer.galera(e, outer)
		if err != nil {
			return Agent{}, err
		}
		top := append(outer, e)[0]
		set := refer.settings(e, outer, instanceAttributes).is
		engine, image := containersOf(top)
		return Agent{
			Engine: engine, Image: image,
			Members:  members(galera, root),
			Managed:  galera.Managed,
			Promote:  refer.promoteLimit(e, root),
			Resource: galera.Resource, Parent: top.SelectAttrValue("id", ""), Bundle: top.Tag == "bundle",
			Config: set["config"], Datadir: set["datadir"], User: set["user"], Group: set["group"],
			TargetRole: refer.own(top, metaAttributes, "").is[targetRole],
		}, nil
	}
	return Agent{}, ErrNoGalera
}

// defaultLimit is Pacemaker's for an operation whose timeout is not set; what the agent advises does not count.
const defaultLimit = "20s"

// promoteLimit reads <op name="promote" interval="0s" timeout="300s" on-fail="block"/>, else the operations' default.
func (r *references) promoteLimit(primitive, cib *etree.Element) time.Duration {
	text := ""
	for _, op := range r.operations(primitive, "promote") {
		text = cmp.Or(op.SelectAttrValue("timeout", ""), r.own(op, metaAttributes, "").is["timeout"])
	}
	if defaults := cib.FindElement("//op_defaults"); text == "" && defaults != nil {
		text = r.own(defaults, metaAttributes, "").is["timeout"]
	}
	return duration(cmp.Or(text, defaultLimit))
}

// units are those of Pacemaker's times, in which a bare number is of seconds.
var units = map[string]time.Duration{
	"": time.Second, "s": time.Second, "sec": time.Second, "ms": time.Millisecond, "msec": time.Millisecond,
	"m": time.Minute, "min": time.Minute, "h": time.Hour, "hr": time.Hour,
}

// duration is 0 for what is no number and unit.
func duration(text string) time.Duration {
	text = strings.TrimSpace(text)
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(n) * units[strings.TrimSpace(text[len(digits):])]
}

// containersOf reads what a bundle's containers are made by and of.
//
//	<bundle id="galera-bundle"><podman image="cluster.common.tag/mariadb:pcmklatest" .../>
func containersOf(bundle *etree.Element) (engine, image string) {
	for _, engine := range engines {
		if e := bundle.SelectElement(engine); e != nil && bundle.Tag == "bundle" {
			return engine, e.SelectAttrValue("image", "")
		}
	}
	return "", ""
}

// members are the Pacemaker nodes among whom the agent looks for the newest data. Without a cluster_host_map the addresses
// of Galera are their names, or begin with them; so are they where it goes by the replicas of a bundle.
func members(galera *Galera, cib *etree.Element) (names []string) {
	unames := []string{}
	for _, node := range cib.FindElements("//nodes/node") {
		unames = append(unames, node.SelectAttrValue("uname", ""))
	}
	for _, name := range galera.Nodes {
		if galera.isReplica(name) && !slices.Contains(unames, name) {
			name = galera.HostMap[name]
		}
		if first, _, _ := strings.Cut(name, "."); !slices.Contains(unames, name) && slices.Contains(unames, first) {
			name = first
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// around are the clones, groups and bundles around a primitive, outermost first.
func around(e *etree.Element) (outer []*etree.Element) {
	for at := e.Parent(); at != nil && at.Tag != "resources"; at = at.Parent() {
		outer = append(outer, at)
	}
	slices.Reverse(outer)
	return outer
}

// Addresses are those of the cluster's IPaddr2 resources, without a prefix length, whoever holds them.
func Addresses(ctx context.Context) (addresses []string, err error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	a := here().run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.err != nil {
		return nil, a.failure("read the virtual IPs")
	}
	root, err := document(a.out, "configuration")
	if err != nil {
		return nil, err
	}
	return addressesIn(root)
}

// addressesIn leaves out what has no readable address, unless nothing else is there.
func addressesIn(root *etree.Element) (addresses []string, err error) {
	refer := referTo(root)
	for _, e := range root.FindElements(".//primitive") {
		if refer.agent(e) != agentIPaddr2 {
			continue
		}
		address, odd := refer.address(e, around(e))
		switch {
		case odd == nil:
			addresses = append(addresses, address)
		case err == nil:
			err = fmt.Errorf("primitive %q: %w", excerpt.Of(e.SelectAttrValue("id", "")), odd)
		}
	}
	if len(addresses) > 0 {
		err = nil
	}
	return addresses, err
}

// SetTargetRole sets a resource's target-role, or takes it away where role is empty, and sees that it is so.
func SetTargetRole(ctx context.Context, resource, role string) error {
	ctx, cancel := limited(ctx)
	defer cancel()
	args := []string{"--resource", resource, "--meta", "--delete-parameter", targetRole}
	if role != "" {
		args = []string{"--resource", resource, "--meta", "--set-parameter", targetRole, "--parameter-value", role}
	}
	a := here().run(ctx, "crm_resource", args...)
	got, err := GaleraAgent(ctx)
	switch {
	case err != nil:
		return err
	case got.TargetRole == role:
		return nil
	case a.err != nil:
		return a.failure("set " + targetRole + " of " + resource)
	}
	return fmt.Errorf("set %s of %s: it is %q, not %q; who else changes the cluster's configuration?", targetRole, resource, got.TargetRole, role)
}

// Cleanup makes the cluster forget a resource's failures on a node, or everywhere where node is empty. It must not be done
// while the resource is being started there: its start then finds no resource, which makes Pacemaker's controller on that
// node give up and start anew (2.1.5).
func Cleanup(ctx context.Context, resource, node string) error {
	args := []string{"--cleanup", "--resource", resource}
	if node != "" {
		args = append(args, "--node", node)
	}
	return steer(ctx, "clean up "+resource, args...)
}

// Settle waits until the cluster has nothing to do any more, at most for a minute. That it is busy for longer is no error.
func Settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 70*time.Second)
	defer cancel()
	a := here().run(ctx, "crm_resource", "--wait", "--timeout=60")
	var exit *process.ExitError
	if a.err != nil && !errors.As(a.err, &exit) {
		return a.failure("wait until the cluster is idle")
	}
	return nil
}

// BanFrom keeps a resource off a node until Unban.
func BanFrom(ctx context.Context, resource, node string) error {
	return steer(ctx, "ban "+resource+" from "+node, "--ban", "--resource", resource, "--node", node)
}

// Unban takes a ban away; that there is none is no error.
func Unban(ctx context.Context, resource, node string) error {
	return steer(ctx, "take the ban of "+resource+" from "+node+" away", "--clear", "--resource", resource, "--node", node)
}

func steer(ctx context.Context, step string, args ...string) error {
	ctx, cancel := limited(ctx)
	defer cancel()
	if a := here().run(ctx, "crm_resource", args...); a.err != nil {
		return a.failure(step)
	}
	return nil
}

// Instances are those of the galera resource in the whole cluster, by node, sorted.
type Instances struct {
	Quorum bool
	// Active run in any role, Promoted serve.
	Active, Promoted []string
	// Failed are those that the cluster does not help any more: failed or blocked.
	Failed []string
	// Guests are, for those in bundles, the guest nodes that they run on, by node: what fails in a container is cleaned up there.
	Guests map[string]string
	// Containers are, by bundle, the nodes on which one of its containers is there still, sorted: it ends after what runs in it.
	Containers map[string][]string
	// Failures say in words what has failed, as "promote on controller-1: not running".
	Failures []string
}

// GaleraInstances asks crm_mon.
func GaleraInstances(ctx context.Context) (Instances, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	s, problem := here().status(ctx)
	if problem != nil {
		return Instances{}, problemError(ctx, problem)
	}
	return s.instances(), nil
}

func (s *Status) instances() Instances {
	i := Instances{Quorum: s.Quorum, Guests: map[string]string{}, Containers: map[string][]string{}}
	own := map[string]bool{}
	for _, r := range s.Resources {
		if isContainer(r.Agent) && r.Active {
			i.Containers[r.Parent] = append(i.Containers[r.Parent], r.Node)
		}
		if r.Agent != agentGalera {
			continue
		}
		own[r.ID] = true
		if r.Guest != "" {
			i.Guests[r.Node] = r.Guest
		}
		switch {
		case r.Failed || r.Blocked:
			i.Failed = append(i.Failed, r.Node)
		case r.Role == RolePromoted && r.Pending == "":
			i.Promoted = append(i.Promoted, r.Node)
		}
		if r.Active {
			i.Active = append(i.Active, r.Node)
		}
	}
	for _, c := range s.FailCounts {
		// A start that failed is not tried again, and its failure may be forgotten already.
		if own[c.Resource] && c.Threshold > 0 && c.Count >= c.Threshold && !slices.Contains(i.Active, c.Host) {
			i.Failed = append(i.Failed, c.Host)
			if c.Host != c.Node {
				i.Guests[c.Host] = c.Node
			}
		}
	}
	for _, f := range s.Failures {
		if own[f.Resource] {
			i.Failures = append(i.Failures, fmt.Sprintf("%s on %s: %s %s", f.Action, f.Node, f.Exit, f.Reason))
		}
	}
	for _, list := range []*[]string{&i.Active, &i.Promoted, &i.Failed} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, nodes := range i.Containers {
		slices.Sort(nodes)
	}
	return i
}
