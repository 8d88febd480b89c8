// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
)

// A shown part of a CIB is known to be harmless, by its kind; everything else may be a secret, whatever its name, and
// is hidden:
//
//   - values of nvpairs under a name of shownNames, or that can be nothing but a switch;
//   - the attributes of elements that Pacemaker's schema has, but those that take free text;
//   - no text, no comments.

const (
	hidden = "(hidden)"
	// otherHidden is a hidden value that differs from the cluster's: it would be changed, or is new.
	otherHidden = "(hidden, and not what the cluster has)"
)

// list splits a list of words.
func list(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// shownNames are names of nvpairs that hold no secret: of Pacemaker's own properties and meta attributes, and of the
// resource and fence agents of OpenStack's controllers.
var shownNames = list(`
	batch-limit cluster-delay cluster-infrastructure cluster-ipc-limit cluster-name cluster-recheck-interval
	concurrent-fencing crmd-integration-timeout crmd-finalization-timeout crmd-transition-delay dc-deadtime
	dc-version default-resource-stickiness election-timeout enable-acl enable-startup-probes fence-reaction
	have-watchdog is-managed-default join-finalization-timeout join-integration-timeout last-lrm-refresh
	load-threshold maintenance-mode migration-limit no-quorum-policy node-action-limit node-health-base
	node-health-green node-health-red node-health-strategy node-health-yellow node-pending-timeout
	pe-error-series-max pe-input-series-max pe-warn-series-max placement-strategy priority-fencing-delay
	redis_REPL_INFO remove-after-stop shutdown-escalation shutdown-lock shutdown-lock-limit start-failure-is-fatal
	startup-fencing stonith-action stonith-enabled stonith-max-attempts stonith-timeout stonith-watchdog-timeout
	stop-all-resources stop-orphan-actions stop-orphan-resources symmetric-cluster transition-delay

	allow-migrate allow-unhealthy-nodes clone-max clone-min clone-node-max container-attribute-target critical
	failure-timeout globally-unique interleave interval is-managed maintenance master-max master-node-max
	migration-threshold multiple-active notify on-fail ordered priority promotable promoted-max promoted-node-max
	provides record-pending remote-addr remote-allow-migrate remote-clear-port remote-connect-timeout remote-node
	remote-port requires resource-stickiness role standby start-delay target-role terminate timeout

	arp_bg arp_count arp_interval broadcast cidr_netmask flush_routes iflabel ip lvs_ipv6_addrlabel
	lvs_ipv6_addrlabel_value lvs_support mac monitor_retries nic nodad noprefixroute preferred_lft run_arping
	unique_clone_address

	attempts bin binary binfile check_user client_bin client_binary cluster_host_map config dampen datadir device
	directory enable_creation errlogfile fstype group host_list image inactive_probe_interval
	listen_on_master_ip_only log logfile manage_northd master_ip multiplier nb_master_port nb_master_protocol pid
	pidfile replicas sb_master_port sb_master_protocol socket two_node_mode user wait_last_known_master workdir
	wsrep_cluster_address

	action cipher delay devices hostname ipaddr ipport lanplus login login_timeout method pcmk_action_limit
	pcmk_delay_base pcmk_delay_max pcmk_host_argument pcmk_host_check pcmk_host_list pcmk_host_map pcmk_list_action
	pcmk_list_timeout pcmk_monitor_action pcmk_monitor_retries pcmk_monitor_timeout pcmk_off_action pcmk_off_retries
	pcmk_off_timeout pcmk_on_action pcmk_on_timeout pcmk_reboot_action pcmk_reboot_retries pcmk_reboot_timeout
	pcmk_status_action pcmk_status_timeout plug port power_timeout power_wait privlvl retry_on shell_timeout ssl
	ssl_insecure ssl_secure systems_uri username verbose
`)

// shownKinds are names with a part that varies: notes of agents and Pacemaker at nodes and in properties.
var shownKinds = regexp.MustCompile(`^(#[a-z-]+|[a-z-]+-role|(master|promotion|fail-count|last-failure)-[\w.:#-]+|` +
	`galera-(last-committed|bootstrap|no-grastate)|overcloud-backup-(job|since|expires|holder))$`)

// switches are values that can be nothing else.
var switches = list("true false yes no on off y n True False")

// embedding matches a value that contains options or a login: it may be more than its name says.
var embedding = regexp.MustCompile(`[=?@]|(^| )-`)

// ShownValue returns the value of an nvpair, or hidden.
func ShownValue(name, value string) string {
	known := shownNames[name] || shownKinds.MatchString(name)
	if switches[value] || value == "" || known && !embedding.MatchString(value) {
		return value
	}
	return hidden
}

// ShownValues returns nvpairs by their names.
func ShownValues(pairs map[string]string) map[string]string {
	shown := map[string]string{}
	for name, value := range pairs {
		shown[name] = ShownValue(name, value)
	}
	return shown
}

// shownAttributes are those of Pacemaker's schema with names, numbers and keywords of its own. Attributes with free
// text are not among them: description, options and run-command of a container, the value of a recipient.
var shownAttributes = list(`
	action add-host attribute attribute-name boolean-op class control-port days devices end first first-action
	host-interface host-netmask hours id id-ref image index influence internal-port interval interval-origin
	ip-range-start kind loss-policy masters minutes monthdays months moon name network node node-attribute
	object-type on-fail operation ordering path pattern port promoted-max provider range reference replicas
	replicas-per-host require-all requires resource-discovery role rsc rsc-pattern rsc-role score score-attribute
	score-attribute-mangle seconds sequential source-dir source-dir-root start start-delay symmetrical target
	target-attribute target-dir target-pattern target-value template then then-action ticket timeout type uname
	value-source weekdays weeks weekyears with-rsc with-rsc-role xpath years yearsdays
`)

// shownAttribute returns the value of an attribute, or hidden.
func shownAttribute(e *etree.Element, a etree.Attr) string {
	switch {
	case a.Space == "" && shownAttributes[a.Key]:
		return a.Value
	case a.Key == "value" && e.Tag == "nvpair":
		return ShownValue(e.SelectAttrValue("name", ""), a.Value)
	case a.Key == "value" && strings.HasSuffix(e.Tag, "expression"):
		return ShownValue(e.SelectAttrValue("attribute", ""), a.Value)
	case a.Key == "options" && slices.Contains([]string{"podman", "docker", "rkt"}, e.Tag):
		return shownWords(a.Value, shownOption)
	case a.Key == "options" && e.Tag == "storage-mapping":
		return shownWords(strings.ReplaceAll(a.Value, ",", " "), shownMount)
	case a.Key == "run-command":
		return shownWords(a.Value, shownPath)
	}
	return ShownValue("", a.Value)
}

// Words of an option that are not secret: of an engine, of a mount, of a command.
var (
	shownOption = regexp.MustCompile(`^--(user|log-driver|net|network|ipc|pid|cgroupns|privileged)(=[A-Za-z0-9._-]+)?$`)
	shownMount  = regexp.MustCompile(`^(ro|rw|z|Z|U|[rs]?shared|r?slave|r?private)$`)
	shownPath   = regexp.MustCompile(`^/[A-Za-z0-9/._-]+$`)
)

// shownWords hides a text unless each of its words is harmless.
func shownWords(text string, harmless *regexp.Regexp) string {
	for _, word := range strings.Fields(text) {
		if !harmless.MatchString(word) {
			return hidden
		}
	}
	return text
}

// place says where a hidden value is.
type place struct {
	path string // of the elements around it, by what distinguishes them
	of   *etree.Element
	what string // an attribute, or text
}

// String names the place for people, such as: "passwd" of nvpair "stonith-fence_ipmilan-instance_attributes-passwd".
func (p place) String() string {
	name := cmp.Or(p.of.SelectAttrValue("id", ""), p.of.SelectAttrValue("name", ""))
	what := p.what
	if p.of.Tag == "nvpair" {
		what = p.of.SelectAttrValue("name", "")
	}
	return fmt.Sprintf("%q of %s %q", what, excerpt.Of(p.of.Tag), name)
}

// mask hides in e what may be secret. mark returns the replacement for a hidden text.
func mask(e *etree.Element, path string, mark func(at place, text string) string) {
	path += "/" + e.Tag
	for _, key := range []string{"id", "id-ref", "name", "uname"} {
		path += fmt.Sprintf(" %q", e.SelectAttrValue(key, ""))
	}
	at := func(what string) place { return place{path, e, what} }
	for i, a := range e.Attr {
		if shownAttribute(e, a) != a.Value {
			e.Attr[i].Value = mark(at(a.FullKey()), a.Value)
		}
	}
	for _, child := range e.Child {
		switch c := child.(type) {
		case *etree.Element:
			mask(c, path, mark)
		case *etree.CharData:
			if !c.IsWhitespace() {
				c.SetData(mark(at("text"), c.Data))
			}
		case *etree.Comment:
			c.Data = mark(at("comment"), c.Data)
		case *etree.Directive:
			c.Data = mark(at("directive"), c.Data)
		case *etree.ProcInst:
			c.Inst = mark(at("instruction "+c.Target), c.Inst)
		}
	}
}

// Difference describes what a push would change.
type Difference struct {
	// Before and After are both configurations, indented, for people. Possible secrets are hidden in both.
	Before, After string
	// Hidden are the places whose hidden values would be changed, or are new.
	Hidden []string
}

// Diff returns what a push of c would change in the live configuration.
func (c Configuration) Diff(live Configuration) (d Difference, err error) {
	has := map[string]bool{}
	key := func(at place, text string) string { return at.path + "@" + at.what + "\x00" + text }
	is, would := live.root.Copy(), c.root.Copy()
	mask(is, "", func(at place, text string) string {
		has[key(at, text)] = true
		return hidden
	})
	mask(would, "", func(at place, text string) string {
		if has[key(at, text)] {
			return hidden
		}
		d.Hidden = append(d.Hidden, at.String())
		return otherHidden
	})
	if d.Before, err = write(is); err == nil {
		d.After, err = write(would)
	}
	return d, err
}
