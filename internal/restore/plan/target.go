// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"fmt"
	"slices"
	"strings"
)

func rollbackUnderWay(s *situation) string {
	if !slices.ContainsFunc(s.views, func(v View) bool { return v.UnderWay && !v.Book.Rejoin && v.Book.Back }) {
		return ""
	}
	return "The restore " + s.job + " is being rolled back, and that has not ended: some controllers may already have" +
		" the " +
		"original data. End the rollback first: controller_restore_state=rolled_back." + unchanged
}

func noSet(s *situation) string {
	if s.set != "" {
		return ""
	}
	what := "the set " + s.Set
	if s.Set == Newest {
		what = "a set"
	}
	return "No controller sees " + what + " in " + s.Destination + "." + unchanged
}

func anotherSet(s *situation) string {
	if !s.begun || slices.Contains([]string{Newest, s.set, lastTwo(s.set)}, s.Set) {
		return ""
	}
	return fmt.Sprintf("A restore of %s is under way and has not ended. Continue it with that set, or return with "+
		"controller_restore_state=rolled_back, and then restore %s.", s.set, s.Set)
}

// lastTwo returns CLUSTER/SET of a path.
func lastTwo(path string) string {
	parts := strings.Split(path, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

func setNotSeen(s *situation) string {
	if s.begun || slices.Contains(hosts(s.seenBy), s.target.Host) {
		return ""
	}
	others := strings.Join(hosts(s.seenBy), ", ")
	return fmt.Sprintf("%s does not see %s; %s does.%s", s.target.Host, s.set, others, unchanged)
}

// setNotKnown refuses to restore from what others report about a restore.
func setNotKnown(s *situation) string {
	if !s.begun || slices.Contains(hosts(s.holders), s.target.Host) || s.target.sees(s.set) {
		return ""
	}
	seen := "none"
	if s.target.Set != nil {
		seen = s.target.Set.Path
	}
	return fmt.Sprintf("%s does not have the set of the restore %s that is under way: %s, which is not the one that "+
		"it sees (%s). The reports of others are not enough to restore from. Name that set with"+
		" controller_restore_set, or a "+
		"controller that has it with controller_restore_host.%s", s.target.Host, s.job, s.set, seen, unchanged)
}

func costNotKnown(s *situation) string {
	if s.begun || s.target.Cost != nil {
		return ""
	}
	return s.target.Host + " does not report how much room " + s.set + " takes." + unchanged
}

func tooLittleRoom(s *situation) string {
	if s.begun {
		return ""
	}
	needed := s.target.Cost.Space.Needed
	cramped := only(s.views, func(v View) bool { return v.Node.Free < needed })
	if len(cramped) == 0 {
		return ""
	}
	return fmt.Sprintf("%s has less room next to %s than the %d bytes that its data may take: they are copied there"+
		" while "+
		"the old ones are kept.%s", named(cramped), s.target.Node.Datadir, needed, unchanged)
}

func nothingToUndo(s *situation) string {
	if s.begun {
		return ""
	}
	return "No restore was begun on " + strings.Join(hosts(s.views), ", ") +
		", or the last one was rolled back already." +
		unchanged
}

func noOldData(s *situation) string {
	if !s.stopped || slices.ContainsFunc(s.mine, func(v View) bool { return v.HasOld }) {
		return ""
	}
	return "No controller has its datadir from before the restore " + s.job + " any more: it was removed, or was not " +
		"there." + unchanged
}
