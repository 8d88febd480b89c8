// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"overcloud.backup/internal/process"
)

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

// Addresses are those of the cluster's IPaddr2 resources, without a prefix length, whoever holds them.
func Addresses(ctx context.Context) (addresses []string, err error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	a := here().run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.err != nil {
		return nil, a.failure("read the virtual IPs")
	}
	return parseAddresses(a.out)
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
	return fmt.Errorf("set %s of %s: it is %q, not %q; who else changes the cluster's configuration?", targetRole,
		resource, got.TargetRole, role)
}

// Cleanup makes the cluster forget a resource's failures on a node, or everywhere where node is empty. It must not be
// done while the resource is being started there: its start then finds no resource, which makes Pacemaker's controller
// on that node give up and start anew (2.1.5).
func Cleanup(ctx context.Context, resource, node string) error {
	args := []string{"--cleanup", "--resource", resource}
	if node != "" {
		args = append(args, "--node", node)
	}
	return steer(ctx, "clean up "+resource, args...)
}

// Settle waits until the cluster has nothing to do any more, at most for a minute. That it is busy for longer is no
// error.
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
	return steer(ctx, "take the ban of "+resource+" from "+node+" away", "--clear", "--resource", resource, "--node",
		node)
}

func steer(ctx context.Context, step string, args ...string) error {
	ctx, cancel := limited(ctx)
	defer cancel()
	if a := here().run(ctx, "crm_resource", args...); a.err != nil {
		return a.failure(step)
	}
	return nil
}
