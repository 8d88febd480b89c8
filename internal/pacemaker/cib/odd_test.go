// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/pacemaker/xmldoc"
	"overcloud.backup/tests/pacemakertest"
)

// An odd part of a resource is left out, and the rest is read. Pacemaker's own tests have the same clone.
func TestOneOddResourceLeavesTheRestReadable(t *testing.T) {
	galera := `<clone id="galera-clone">` + pacemakertest.Agent("primitive", "galera", "galera") + `</clone>`
	ip := func(inside string) string { return pacemakertest.Agent("primitive", "ip", "IPaddr2", inside) }
	ruledIP := func(id, address string) string {
		return strings.ReplaceAll(fmt.Sprintf(ruledState, id, address), `"state"`, `"ip"`)
	}
	promotable := func(value string) string {
		return fmt.Sprintf(inClone, pacemakertest.Dummy("d", ""),
			pacemakertest.Meta("m", "", "promotable=true", "promoted-max="+value))
	}
	for name, c := range map[string]struct {
		resources, address string
		promoted           int
		what, word         string
	}{
		"an address that is not set": {ip(""), "", 0, "ip", `ip is "", expected an IPv4 or IPv6 address`},
		"an invalid address": {
			ip(pacemakertest.Inst("i", "", "ip=vip.example.com")),
			"",
			0,
			"ip",
			`ip is "vip.example.com", expected an IPv4 or IPv6 address`,
		},
		"an address by id-ref": {
			ip(`<instance_attributes id-ref="i"/>`) + pacemakertest.Dummy("e", "",
				pacemakertest.Inst("i", "", "ip=10.0.0.5")),
			"10.0.0.5",
			0,
			"",
			"",
		},
		"an id-ref to nowhere": {
			ip(`<instance_attributes id-ref="i"/>`),
			"",
			0,
			"ip",
			`its instance_attributes refers to "i", which does not exist`,
		},
		"an address that a rule chooses": {
			ip(ruledIP("s", "10.0.0.6") + pacemakertest.Inst("i", "", "ip=10.0.0.5")),
			"",
			0,
			"ip",
			"ip depends on a rule, which is not evaluated here",
		},
		"an address beside a rule": {
			ip(ruledIP("s", "10.0.0.5") + pacemakertest.Inst("i", "", "ip=10.0.0.5")),
			"10.0.0.5",
			0,
			"",
			"",
		},
		"an address by template": {
			pacemakertest.Agent("template", "t", "IPaddr2", pacemakertest.Inst("i", "", "ip=10.0.0.5")) +
				`<primitive id="ip" template="t"/>`,
			"10.0.0.5",
			0,
			"",
			"",
		},
		"a template without an address": {
			`<template id="t" class="ocf" provider="heartbeat" type="IPaddr2"/><primitive id="ip" template="t"/>`,
			"",
			0,
			"ip",
			`ip is "", expected an IPv4 or IPv6 address`,
		},
		"a template that is not there": {`<primitive id="ip" template="t"/>`, "", 0, "ip",
			`there is no template "t"`},
		"promoted-max INFINITY":     {promotable("INFINITY"), "", xmldoc.Infinity, "", ""},
		"promoted-max with a space": {promotable(" 3"), "", 3, "", ""},
		"promoted-max that is no number": {promotable("many"), "", 0, "c",
			`promoted-max is "many", expected a number`},
		"promoted-max below zero": {promotable("-1"), "", 0, "c", `promoted-max is "-1", expected a number`},
		"promoted-max 0":          {promotable("0"), "", 0, "", ""},
		"promoted-max too large":  {promotable("99999999999999999999"), "", 0, "c", "expected a number"},
		"masters that are not a number": {
			`<bundle id="c"><docker masters="many"/></bundle>`,
			"",
			0,
			"c",
			`promoted-max is "many"`,
		},
		"a clone's attributes by id-ref": {
			fmt.Sprintf(inClone, pacemakertest.Dummy("d", ""), `<meta_attributes id-ref="m"/>`) +
				pacemakertest.Dummy("e", "", pacemakertest.Meta("m", "", "promoted-max=3")),
			"",
			3,
			"",
			"",
		},
		"a systemd resource of type galera": {`<primitive id="x" class="systemd" type="galera"/>`, "", 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cib, err := Parse(pacemakertest.CIBWith(pacemakertest.Lock, c.resources+galera))
			if err != nil {
				t.Fatal(err)
			}
			if len(cib.Locks) != 1 || cib.Galera == nil {
				t.Errorf("the rest is lost: %+v", cib)
			}
			if cib.Addresses["ip"] != c.address || cib.PromotedMax["c"] != c.promoted {
				t.Errorf("%+v", cib)
			}
			if word := cib.Odd[c.what]; (c.word == "") != (len(cib.Odd) == 0) || !strings.Contains(word, c.word) {
				t.Errorf("%q, want %q", cib.Odd, c.word)
			}
		})
	}
}

// Whatever an operator writes into the CIB, the lock of a backup can be read and released.
func TestLocksAreReadWhateverElseTheCIBHas(t *testing.T) {
	for _, resources := range []string{
		pacemakertest.Agent("primitive", "galera", "galera", pacemakertest.Inst("i", "", "cluster_host_map=x")),
		strings.Repeat(`<primitive id="galera" class="ocf" provider="heartbeat" type="galera"/>`, 2),
	} {
		locks, err := ParseLocks(pacemakertest.CIBWith(pacemakertest.Lock, resources))
		if err != nil || len(locks) != 1 || locks[0].Holder != "controller-1" {
			t.Errorf("%+v, %v", locks, err)
		}
	}
}
