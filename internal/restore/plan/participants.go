// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"fmt"
	"slices"
	"strings"
)

const unchanged = " Nothing was changed."

func missing(s *situation) string {
	if len(s.views) > 0 && len(s.silent) == 0 {
		return ""
	}
	who := strings.Join(s.silent, ", ")
	if who == "" {
		who = "The hosts matched by " + s.Pattern
	}
	return who +
		" could not be asked. Every controller takes part in a restore; one that does not would bring its old " +
		"data back." + unchanged
}

func severalClusters(s *situation) string {
	var clusters []string
	for _, v := range s.views {
		members := strings.Join(slices.Sorted(slices.Values(v.Node.Members)), ", ")
		if !slices.Contains(clusters, members) {
			clusters = append(clusters, members)
		}
	}
	if len(clusters) <= 1 {
		return ""
	}
	return fmt.Sprintf("%s run the databases of several clusters: %s. A restore is for one: name its hosts with "+
		"controller_restore_hosts.%s", strings.Join(hosts(s.views), ", "), strings.Join(clusters, "; "), unchanged)
}

func otherControllers(s *situation) string {
	if slices.Equal(s.names, s.members) {
		return ""
	}
	return fmt.Sprintf("The database runs on %s, and the hosts that were asked are %s. A restore needs all of one "+
		"cluster, and no others.%s", strings.Join(s.members, ", "), strings.Join(s.names, ", "), unchanged)
}

// unfit lets a restore that was begun continue: the restore itself may have caused the problem.
func unfit(s *situation) string {
	var problems []string
	for _, v := range s.views {
		for _, p := range v.Problems {
			if !slices.Contains(problems, p) {
				problems = append(problems, p)
			}
		}
	}
	if s.begun || len(problems) == 0 {
		return ""
	}
	return strings.Join(problems, "; ") + "." + unchanged
}

func rejoinUnderWay(s *situation) string {
	if len(s.rejoining) == 0 {
		return ""
	}
	return named(s.rejoining) + " is being rejoined, and that has not ended. End it with " +
		"controller_restore_state=rejoined first, or restore all from a set, which takes it over." + unchanged
}

func nobodyAnswered(s *situation) string {
	if len(s.views) > 0 {
		return ""
	}
	who := strings.Join(s.Hosts, ", ")
	if who == "" {
		who = "the hosts matched by " + s.Pattern
	}
	return "None of " + who + " could be asked." + unchanged
}

func noController(s *situation) string {
	if s.Host != "" && s.chosen {
		return ""
	}
	answered := strings.Join(hosts(s.views), ", ")
	return "Say which one is to rejoin: controller_restore_host, one of " + answered + "." + unchanged
}

func strangerChosen(s *situation) string {
	if s.chosen {
		return ""
	}
	answered := strings.Join(hosts(s.views), ", ")
	return "controller_restore_host is " + s.Host + ", which is not one of the controllers that were asked: " +
		answered +
		"." + unchanged
}
