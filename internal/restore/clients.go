// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"overcloud.backup/internal/process"
)

// Programs that keep clients out.
const (
	FenceAuto     = "auto"
	FenceNft      = "nft"
	FenceIptables = "iptables"
	FenceNone     = "none"
)

// table and chain bear our name, so that they are found again whatever happened to their creator.
const (
	table = "overcloud_backup_restore"
	chain = "OVERCLOUD_BACKUP_RESTORE"
)

// nftRules refuse connections at once, including open ones. HAProxy reaches the server of its own host by an address of
// this host, over lo, so only 127.0.0.0/8 and ::1 are exempt. Galera uses other ports.
const nftRules = `table inet %[1]s
delete table inet %[1]s
table inet %[1]s {
  chain input {
    type filter hook input priority -10; policy accept;
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    tcp dport %[2]s reject with tcp reset
  }
}
`

// KeepOut keeps clients from the database's port of this host. It may be repeated. A program requested by name replaces
// another one that keeps them out.
func (n *Node) KeepOut(ctx context.Context, b *Book, how string) (changed bool, err error) {
	if b.Opened {
		return false, nil
	}
	if b.Fence != nil && how != FenceAuto && how != b.Fence.Program {
		if err := b.dropFence(ctx); err != nil {
			return false, err
		}
	}
	if how == FenceNone {
		return false, nil
	}
	if b.Fence != nil {
		return false, b.Fence.setUp(ctx)
	}
	program, err := fenceProgram(how)
	if err != nil {
		return false, err
	}
	b.Fence = &Fence{Program: program, Port: n.Port}
	if err := b.save(); err != nil {
		return false, err
	}
	if err := b.Fence.setUp(ctx); err != nil {
		// It does not work here: another one may be requested.
		return false, errors.Join(err, b.dropFence(ctx))
	}
	return true, nil
}

// LetIn removes what keeps clients out.
func LetIn(ctx context.Context, b *Book) (changed bool, err error) {
	if b.Opened && b.Fence == nil {
		return false, nil
	}
	if b.Fence != nil {
		if err := b.Fence.takeAway(ctx); err != nil {
			return false, err
		}
		changed = true
	}
	b.Fence, b.Opened = nil, true
	return changed, b.save()
}

func (b *Book) dropFence(ctx context.Context) error {
	if err := b.Fence.takeAway(ctx); err != nil {
		return err
	}
	b.Fence = nil
	return b.save()
}

func (f *Fence) setUp(ctx context.Context) error {
	if f.Program == FenceNft {
		return run(ctx, []byte(fmt.Sprintf(nftRules, table, f.Port)), "nft", "-f", "-")
	}
	for _, program := range iptables() {
		if err := addRules(ctx, program, f.Port); err != nil {
			return err
		}
	}
	return nil
}

// takeAway does not fail if there is nothing to remove: a program that does not work on this host has kept nobody out.
func (f *Fence) takeAway(ctx context.Context) (err error) {
	if f.Program == FenceNft {
		// Creating it first makes a missing table no error.
		err = run(ctx, []byte(fmt.Sprintf("table inet %[1]s\ndelete table inet %[1]s\n", table)), "nft", "-f", "-")
		if err != nil && exitedWithError(run(ctx, nil, "nft", "list", "table", "inet", table)) {
			return nil
		}
		return err
	}
	for _, program := range iptables() {
		err = errors.Join(err, removeRules(ctx, program, f.Port))
	}
	return err
}

// exitedWithError distinguishes a program that failed from one that did not end by itself.
func exitedWithError(err error) bool {
	var exit *process.ExitError
	return errors.As(err, &exit) && exit.Signal == ""
}

func fenceProgram(how string) (string, error) {
	for _, program := range []string{FenceNft, FenceIptables} {
		if how != FenceAuto && how != program {
			continue
		}
		if _, err := process.Find(program); err == nil {
			return program, nil
		}
	}
	if how == FenceAuto {
		how = "nft nor iptables"
	}
	return "", fmt.Errorf("%s is not installed here, which keeps clients out while the database is restored; install "+
		"it, or set keep_clients_out to none and keep them out yourself", how)
}

// iptables handles IPv4, and IPv6 where it is installed.
func iptables() []string {
	programs := []string{"iptables"}
	if _, err := process.Find("ip6tables"); err == nil {
		if _, err := os.Stat("/proc/net/if_inet6"); err == nil {
			programs = append(programs, "ip6tables")
		}
	}
	return programs
}

func jump(port string) []string { return []string{"INPUT", "-p", "tcp", "--dport", port, "-j", chain} }

func addRules(ctx context.Context, program, port string) error {
	home := "127.0.0.0/8"
	if program == "ip6tables" {
		home = "::1/128"
	}
	_ = run(ctx, nil, program, "-w", "-N", chain) // it may exist already
	err := errors.Join(
		run(ctx, nil, program, "-w", "-F", chain),
		run(ctx, nil, program, "-w", "-A", chain, "-d", home, "-j", "RETURN"),
		run(ctx, nil, program, "-w", "-A", chain, "-p", "tcp", "-j", "REJECT", "--reject-with", "tcp-reset"),
	)
	if err != nil || run(ctx, nil, program, append([]string{"-w", "-C"}, jump(port)...)...) == nil {
		return err
	}
	return run(ctx, nil, program, append([]string{"-w", "-I"}, jump(port)...)...)
}

// maxJumps is how often the rule is removed, in case it exists more than once.
const maxJumps = 8

func removeRules(ctx context.Context, program, port string) error {
	for range maxJumps {
		if run(ctx, nil, program, append([]string{"-w", "-C"}, jump(port)...)...) != nil {
			break
		}
		if err := run(ctx, nil, program, append([]string{"-w", "-D"}, jump(port)...)...); err != nil {
			return err
		}
	}
	if run(ctx, nil, program, "-w", "-n", "-L", chain) != nil {
		return nil
	}
	return errors.Join(run(ctx, nil, program, "-w", "-F", chain), run(ctx, nil, program, "-w", "-X", chain))
}

// run runs a program that ends soon.
func run(ctx context.Context, stdin []byte, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return runLong(ctx, stdin, program, args...)
}

// runLong runs a program that may take long.
func runLong(ctx context.Context, stdin []byte, program string, args ...string) error {
	path, err := process.Find(program)
	if err != nil {
		return err
	}
	if _, err = process.Input(ctx, stdin, path, args...); err != nil {
		return fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
	}
	return nil
}
