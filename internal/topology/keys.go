// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/condition"
)

// common are the keys of every document that decide. Without "present" a host would seem to have nothing.
const common = "present gathered_at host.name host.addresses errors[].source"

// needed are the keys, by document, that names, activity and rank are read from. Those that a condition reads are
// declared with it.
var needed = map[string][]string{
	"galera": paths(common, "running server.hostname server.server_uid",
		"wsrep.cluster_size wsrep.cluster_state_uuid wsrep.cluster_address wsrep.gcomm_uuid wsrep.arbitrators",
		"sample.window sample.replicated sample.questions sessions[].count"),
	"pacemaker": paths(common, "connected local_node cluster_name quorum", "nodes[].name nodes[].type",
		"resources[].id resources[].agent resources[].role resources[].parent resources[].parent_kind",
		"resources[].singleton resources[].active resources[].node",
		"vips[].resource vips[].address vips[].node",
		"galera?.resource galera?.parent galera?.cluster_address galera?.cluster_host_map galera?.nodes"),
	"haproxy": paths(common, "running uptime processes window", backendKeys("database?"), backendKeys("pools[]"),
		"proxies[].name proxies[].servers[].name proxies[].servers[].address proxies[].servers[].status",
		"proxies[].servers[].status_text proxies[].servers[].backup proxies[].servers[].scur "+
			"proxies[].servers[].new_sessions",
		"proxies[].servers[].lastsess proxies[].servers[].stot proxies[].servers[].weight proxies[].servers[].slim",
		"proxies[].stick_table?.readable proxies[].stick_table?.used proxies[].stick_table?.entries[].server"),
}

// Needed are the keys without which a document would look healthier than it is. A name before [] is a list, of which
// every element must have the key; one before ? may be null.
func Needed(document string) []string {
	return slices.Concat(needed[document], condition.Needed(document))
}

// backendKeys are those of a backend of the database.
func backendKeys(at string) string {
	keys := strings.Fields("frontend backend binds sticky config balance allbackups persist use_servers " +
		"stick_key stick_peers stick_expires unmodelled unread")
	for i, k := range keys {
		keys[i] = at + "." + k
	}
	return strings.Join(keys, " ")
}

func paths(lists ...string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, strings.Fields(l)...)
	}
	return all
}

// complete refuses a document from which keys were removed, or made null.
func complete(name string, raw []byte) error {
	var document map[string]any
	if err := json.Unmarshal(raw, &document); err != nil {
		return err
	}
	var missing []string
	for _, path := range Needed(name) {
		if lack := lacks(document, "", strings.Split(path, ".")); lack != "" && !slices.Contains(missing, lack) {
			missing = append(missing, lack)
		}
	}
	switch n := len(missing); {
	case n > 6:
		return fmt.Errorf("it lacks %s and %d more", strings.Join(missing[:6], ", "), n-6)
	case n > 0:
		return fmt.Errorf("it lacks %s", strings.Join(missing, ", "))
	}
	return nil
}

// lacks returns the path of the first missing thing along the steps, empty if nothing is missing.
func lacks(in any, at string, steps []string) string {
	if len(steps) == 0 {
		return ""
	}
	key, list := strings.CutSuffix(steps[0], "[]")
	key, nullable := strings.CutSuffix(key, "?")
	at = strings.TrimPrefix(at+"."+key, ".")
	object, _ := in.(map[string]any) // anything but an object lacks all
	value, found := object[key]
	switch {
	case !found || value == nil && !nullable:
		return at
	case value == nil:
		return ""
	case !list:
		return lacks(value, at, steps[1:])
	}
	elements, _ := value.([]any) // anything but a list is refused by its type, later
	for i, e := range elements {
		if lack := lacks(e, fmt.Sprintf("%s[%d]", at, i), steps[1:]); lack != "" {
			return lack
		}
	}
	return ""
}
