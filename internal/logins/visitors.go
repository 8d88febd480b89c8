// SPDX-License-Identifier: GPL-3.0-or-later

package logins

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/quantity"
)

// Visitors finds clients that come and go before a backup, as the guard does during it: users who logged in since an
// earlier reading, and do it again while this looks. That reading may be somebody else's, who can hide clients by it;
// without a login that this node's own server counts nobody is found.
type Visitors struct {
	// Before is the earlier reading; nil takes the first look for it.
	Before *Counted
}

// After a login a look waits this long for the next, but not for those that follow at once: a probe may log in several
// times, and then is gone.
const (
	visitorsGap  = 2 * time.Second
	visitorsLook = 10 * time.Second
	// visitorsEvery is the time between two readings of a look.
	visitorsEvery = 500 * time.Millisecond
)

// Look names the users who connect again and again, as evidence; empty if none does, or if the server does not count.
// It takes up to 10 s, if somebody has logged in.
func (v *Visitors) Look(ctx context.Context, c *mariadb.Client, ignore []string) (string, error) {
	now, err := OfClients(ctx, c, ignore)
	if err != nil {
		return "", err
	}
	if b := v.Before; b == nil || !now.Follows(*b) {
		v.Before = &now // the server was started again, or another account reads
		return "", nil
	}
	if len(now.Since(*v.Before)) == 0 {
		return "", nil
	}
	end := time.Now().Add(visitorsLook)
	gap, err := readAfter(ctx, c, visitorsGap, ignore)
	if err != nil {
		return "", err
	}
	for now = gap; time.Now().Before(end); {
		if now, err = readAfter(ctx, c, visitorsEvery, ignore); err != nil {
			return "", err
		}
		if who := returning(*v.Before, gap, now); who != "" {
			return who, nil
		}
	}
	v.Before = &now // those who came before were no clients
	return "", nil
}

func readAfter(ctx context.Context, c *mariadb.Client, pause time.Duration, ignore []string) (Counted, error) {
	select {
	case <-ctx.Done():
		return Counted{}, context.Cause(ctx)
	case <-time.After(pause):
		return OfClients(ctx, c, ignore)
	}
}

// maxNamed is how many users the evidence names, those with the most logins first.
const maxNamed = 3

// returning describes the logins of users who came between before and gap, and between gap and now.
func returning(before, gap, now Counted) string {
	earlier := gap.Since(before)
	again := now.Since(gap)
	has := func(list []Increase, user string) bool {
		return slices.ContainsFunc(list, func(l Increase) bool { return l.User == user })
	}
	var who []Increase
	total := int64(0)
	for _, l := range now.Since(before) {
		if has(earlier, l.User) && has(again, l.User) {
			who = append(who, l)
			total += l.Logins
		}
	}
	if len(who) == 0 {
		return ""
	}
	slices.SortStableFunc(who, func(a, b Increase) int { return cmp.Compare(b.Logins, a.Logins) })
	var names []string
	for _, l := range who[:min(len(who), maxNamed)] {
		names = append(names, excerpt.Of(l.User))
	}
	if more := len(who) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%s in %d s that are no health checks: %s", quantity.Count(total, "login"),
		now.Uptime-before.Uptime, strings.Join(names, ", "))
}
