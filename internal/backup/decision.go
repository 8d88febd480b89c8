// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/quantity"
)

// candidate is one controller of a decision by idle_controller, and its names.
type candidate struct {
	Name          string `json:"name"` // the inventory's
	PacemakerNode string `json:"pacemaker_node"`
	GaleraNode    string `json:"galera_node"`
	Activity      string `json:"activity"`
	Verdict       string `json:"verdict"`
	// events are those of its cluster; nil where the decision has none.
	events *clusterEvents
}

// chosen lists the controllers that a decision chose. known is false for what is no decision of idle_controller.
func chosen(decision json.RawMessage) (list []candidate, known bool) {
	var d struct {
		Clusters []struct {
			Controllers []candidate    `json:"controllers"`
			Events      *clusterEvents `json:"events"`
		} `json:"clusters"`
	}
	if json.Unmarshal(decision, &d) != nil {
		return nil, false
	}
	for _, cluster := range d.Clusters {
		for _, c := range cluster.Controllers {
			known = known || c.Verdict != ""
			if c.Verdict == "chosen" {
				c.events = cluster.Events
				list = append(list, c)
			}
		}
	}
	return list, known
}

// is says that a host of this name, with a Galera node of that name, is meant.
func (c candidate) is(host, node string) bool {
	return sameHost(c.Name, host) || sameHost(c.PacemakerNode, host) || sameHost(c.GaleraNode, host) ||
		node != "" && c.GaleraNode == node
}

// sameHost takes a name without a domain for the same name with one.
func sameHost(a, b string) bool {
	shortA, domainA, _ := strings.Cut(a, ".")
	shortB, domainB, _ := strings.Cut(b, ".")
	return shortA != "" && strings.EqualFold(shortA, shortB) && (domainA == "" || domainB == "" || strings.EqualFold(domainA, domainB))
}

// maxDecision is well below what a manifest may have; that of three controllers has some 20 kB.
const maxDecision = 4 << 20

// fits refuses now what no manifest could hold after all data are read.
func fits(decision json.RawMessage) error {
	if len(decision) == 0 {
		return nil
	}
	if len(decision) > maxDecision {
		return fmt.Errorf("the decision has %s, and the manifest takes %s at most: hand in what idle_controller returned, and no more", quantity.Bytes(int64(len(decision))), quantity.Bytes(maxDecision))
	}
	// The manifest, and the module's result that holds it, nest it deeper still; encoding/json takes 10,000 levels.
	const above = 16
	if !json.Valid(slices.Concat(bytes.Repeat([]byte("["), above), decision, bytes.Repeat([]byte("]"), above))) {
		return errors.New("the decision cannot be kept in the manifest: it is no JSON, or nested too deep")
	}
	return nil
}

// checkDecision refuses a host that the decision did not choose: it looked at this host and found another one better, or
// this one unfit.
func (j *Job) checkDecision(ctx context.Context, c *galera.Client) error {
	if err := fits(j.o.Decision); err != nil {
		return err
	}
	list, known := chosen(j.o.Decision)
	if !known {
		return nil
	}
	w, err := c.Status(ctx)
	if err != nil {
		return err
	}
	names := []string{}
	for _, one := range list {
		if one.is(j.plan.Controller, w.NodeName) {
			j.told = one.events
			j.o.AllowClients = j.o.AllowClients || j.o.AllowActive && one.Activity == "active"
			return nil
		}
		names = append(names, fmt.Sprintf("%q", one.Name))
	}
	if len(names) == 0 {
		names = []string{"no controller"}
	}
	return fmt.Errorf("the decision chose %s, and this host is %q (Galera node %q): run the backup there, or decide again",
		strings.Join(names, ", "), j.plan.Controller, w.NodeName)
}
