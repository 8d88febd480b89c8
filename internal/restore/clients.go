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

// Who keeps clients out.
const (
	FenceAuto     = "auto"
	FenceNft      = "nft"
	FenceIptables = "iptables"
	FenceNone     = "none"
)

// table and chain bear our name, so that they are found again, whoever lost track of them.
const (
	table = "overcloud_backup_restore"
	chain = "OVERCLOUD_BACKUP_RESTORE"
)

// nftRules refuse connections at once, open ones too. HAProxy reaches the server of its own host by an address of this
// host, over lo, so only 127.0.0.0/8 and ::1 are left out. Galera speaks on other ports.
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

// KeepOut keeps clients from the database's port of this host. It may be repeated.
func (n *Node) KeepOut(ctx context.Context, b *Book, how string) (changed bool, err error) {
	if how == FenceNone || b.Opened {
		return false, nil
	}
	if b.Fence == nil {
		program, err := fenceProgram(how)
		if err != nil {
			return false, err
		}
		b.Fence = &Fence{Program: program, Port: n.Port}
		if err := b.save(); err != nil {
			return false, err
		}
		changed = true
	}
	if b.Fence.Program == FenceNft {
		return changed, run(ctx, []byte(fmt.Sprintf(nftRules, table, b.Fence.Port)), "nft", "-f", "-")
	}
	for _, program := range iptables() {
		if err := keepOutBy(ctx, program, b.Fence.Port); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// LetIn takes away what keeps clients out.
func LetIn(ctx context.Context, b *Book) (changed bool, err error) {
	switch {
	case b.Fence == nil && b.Opened:
		return false, nil
	case b.Fence == nil:
		b.Opened = true
		return false, b.save()
	}
	if b.Fence.Program == FenceNft {
		// To create it first makes a missing one no error.
		err = run(ctx, []byte(fmt.Sprintf("table inet %[1]s\ndelete table inet %[1]s\n", table)), "nft", "-f", "-")
	} else {
		for _, program := range iptables() {
			err = errors.Join(err, letInBy(ctx, program, b.Fence.Port))
		}
	}
	if err != nil {
		return false, err
	}
	b.Fence, b.Opened = nil, true
	return true, b.save()
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
	return "", fmt.Errorf("%s is not installed here, which keeps clients out while the database is restored; install it, or set keep_clients_out to none and keep them out yourself", how)
}

// iptables is for IPv4, and where it is there for IPv6.
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

func keepOutBy(ctx context.Context, program, port string) error {
	home := "127.0.0.0/8"
	if program == "ip6tables" {
		home = "::1/128"
	}
	_ = run(ctx, nil, program, "-w", "-N", chain) // it may be there
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

func letInBy(ctx context.Context, program, port string) error {
	for run(ctx, nil, program, append([]string{"-w", "-C"}, jump(port)...)...) == nil {
		if err := run(ctx, nil, program, append([]string{"-w", "-D"}, jump(port)...)...); err != nil {
			return err
		}
	}
	if run(ctx, nil, program, "-w", "-n", "-L", chain) != nil {
		return nil
	}
	return errors.Join(run(ctx, nil, program, "-w", "-F", chain), run(ctx, nil, program, "-w", "-X", chain))
}

// run runs a program that ends by itself, soon.
func run(ctx context.Context, stdin []byte, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return runLong(ctx, stdin, program, args...)
}

// runLong runs one that takes its time.
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
