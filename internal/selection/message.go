// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
)

// serving returns the sentence about who serves, by the first evidence.
func (j *judgement) serving() string {
	parts := []string{}
	for _, s := range j.standings {
		if s.activity == decision.Active {
			parts = append(parts, fmt.Sprintf("%s serves the clients (%s)", s.m.Name,
				j.Evidence(s.m, decision.Active)[0]))
		}
	}
	if len(parts) == 0 {
		if j.VIP.Problem != "" {
			return fmt.Sprintf("Who serves the clients is unknown: %s. ", j.VIP.Problem)
		}
		return "Who serves the clients is unknown. "
	}
	return strings.Join(parts, ", and ") + ". "
}

// refusals groups the reasons by controller, the first of each.
func (j *judgement) refusals() string {
	parts := []string{}
	for _, s := range j.standings {
		if s.m.RunsDatabase && len(s.findings) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", s.m.Name, codes(s.findings)))
		}
	}
	if len(parts) == 0 {
		return ": no host of the cluster has a database."
	}
	return " (" + strings.Join(parts, "; ") + ")."
}

func codes(findings []condition.Finding) string {
	list := []string{}
	for _, r := range findings {
		list = append(list, string(r.Code))
	}
	return strings.Join(slices.Compact(list), ", ")
}
