// SPDX-License-Identifier: GPL-3.0-or-later

// Package steer changes what Pacemaker does with a resource: its target-role, bans, failures; and the complete
// configuration.
package steer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/process"
)

// GaleraAgent reads the galera resource from the CIB.
func GaleraAgent(ctx context.Context) (cib.Agent, error) {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	a := pacemaker.Local().Run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.Err != nil {
		return cib.Agent{}, a.Failure("read the galera resource")
	}
	return cib.ParseAgent(a.Out)
}

// Addresses returns those of the cluster's IPaddr2 resources, without a prefix length, regardless of who holds them.
func Addresses(ctx context.Context) (addresses []string, err error) {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	a := pacemaker.Local().Run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.Err != nil {
		return nil, a.Failure("read the virtual IPs")
	}
	return cib.ParseAddresses(a.Out)
}

// SetTargetRole sets a resource's target-role, or removes it if role is empty, and checks the result.
func SetTargetRole(ctx context.Context, resource, role string) error {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	args := []string{"--resource", resource, "--meta", "--delete-parameter", cib.TargetRole}
	if role != "" {
		args = []string{"--resource", resource, "--meta", "--set-parameter", cib.TargetRole, "--parameter-value", role}
	}
	a := pacemaker.Local().Run(ctx, "crm_resource", args...)
	got, err := GaleraAgent(ctx)
	switch {
	case err != nil:
		return err
	case got.TargetRole == role:
		return nil
	case a.Err != nil:
		return a.Failure("set " + cib.TargetRole + " of " + resource)
	}
	return fmt.Errorf("set %s of %s: it is %q, not %q; who else changes the cluster's configuration?", cib.TargetRole,
		resource, got.TargetRole, role)
}

// Cleanup clears a resource's failures on a node, or everywhere if node is empty. It must not be called while the
// resource is being started there: its start then finds no resource, which makes Pacemaker's controller on that node
// give up and restart (2.1.5).
func Cleanup(ctx context.Context, resource, node string) error {
	args := []string{"--cleanup", "--resource", resource}
	if node != "" {
		args = append(args, "--node", node)
	}
	return crmResource(ctx, "clean up "+resource, args...)
}

// Settle waits until the cluster is idle, at most for a minute. It is not an error if it is busy for longer.
func Settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 70*time.Second)
	defer cancel()
	a := pacemaker.Local().Run(ctx, "crm_resource", "--wait", "--timeout=60")
	var exit *process.ExitError
	if a.Err != nil && !errors.As(a.Err, &exit) {
		return a.Failure("wait until the cluster is idle")
	}
	return nil
}

// BanFrom keeps a resource off a node until Unban.
func BanFrom(ctx context.Context, resource, node string) error {
	return crmResource(ctx, "ban "+resource+" from "+node, "--ban", "--resource", resource, "--node", node)
}

// Unban removes a ban; it is not an error if there is none.
func Unban(ctx context.Context, resource, node string) error {
	return crmResource(ctx, "remove the ban of "+resource+" from "+node, "--clear", "--resource", resource,
		"--node",
		node)
}

func crmResource(ctx context.Context, step string, args ...string) error {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	if a := pacemaker.Local().Run(ctx, "crm_resource", args...); a.Err != nil {
		return a.Failure(step)
	}
	return nil
}
