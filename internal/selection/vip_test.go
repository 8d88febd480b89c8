// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
)

// listenOn sets the binds of every HAProxy; %d is replaced by the last part of its host's own address.
func (w *world) listenOn(binds ...string) {
	for i := range w.hosts {
		own := []string{}
		for _, b := range binds {
			own = append(own, strings.ReplaceAll(b, "%d", fmt.Sprint(11+i)))
		}
		w.hosts[i].HAProxy.Database.Binds = own
	}
}

// keepalived manages the VIP without Pacemaker.
func (w *world) keepalived() { w.managers(func(p *pacemaker.Facts) { p.VIPs = nil }) }

func TestWhereTheVIPIs(t *testing.T) {
	const everywhere = "HAProxy listens for the database on 0.0.0.0:3306, which is every address of a host or a name:" +
		" name the VIP of the database with controller_backup_vip"
	for name, c := range map[string]struct {
		change          func(w *world, o *Options)
		address, holder string
		problem         string
	}{
		"one address, moved by Pacemaker": {func(*world, *Options) {}, testVIP, "controller-1", ""},
		"one address, moved by keepalived": {func(w *world, _ *Options) { w.keepalived() }, testVIP, "controller-1",
			""},
		"every address, moved by keepalived": {func(w *world, _ *Options) {
			w.keepalived()
			w.listenOn("0.0.0.0:3306")
		}, "", "", everywhere},
		"every address, the VIP given": {func(w *world, o *Options) {
			w.keepalived()
			w.listenOn("[::]:3306")
			o.VIP = []string{testVIP}
		}, testVIP, "controller-1", ""},
		"every address, two VIPs of Pacemaker's": {func(w *world, _ *Options) {
			w.listenOn("0.0.0.0:3306")
			w.secondVIP()
		}, "10.99.0.10, 10.99.0.9", "", "the VIP 10.99.0.10, 10.99.0.9 is held by more than one: controller-1 or" +
			" controller-2; " +
			"name the VIP of the database with controller_backup_vip"},
		"two VIPs of Pacemaker's, one given": {func(w *world, o *Options) {
			w.listenOn("0.0.0.0:3306")
			w.secondVIP()
			o.VIP = []string{"::ffff:" + testVIP}
		}, testVIP, "controller-1", ""},
		"the VIP and each host's own address": {func(w *world, _ *Options) {
			w.keepalived()
			w.listenOn(testVIP+":3306", "10.99.0.%d:3306")
		}, testVIP, "controller-1", ""},
		"the VIP and a loopback address": {func(w *world, _ *Options) {
			w.keepalived()
			w.listenOn(testVIP+":3306", "127.0.0.1:3306", "[::1]:3306")
		}, testVIP, "controller-1", ""},
		"only each host's own address": {func(w *world, _ *Options) { w.listenOn("10.99.0.%d:3306") }, "", "",
			"each HAProxy listens for the database only on addresses of its own host (10.99.0.11, 10.99.0.12," +
				" 10.99.0.13): " +
				"name the VIP of the database with controller_backup_vip"},
		"only a loopback address": {func(w *world, _ *Options) { w.listenOn("127.0.0.1:3306") }, "", "",
			"each HAProxy listens for the database only on addresses of its own host (127.0.0.1): name the VIP of" +
				" the database with controller_backup_vip"},
		"a VIP that nobody has": {func(_ *world, o *Options) { o.VIP = []string{"10.99.0.77"} }, "10.99.0.77", "",
			"nobody holds the VIP 10.99.0.77"},
		"a line that was not understood": {func(w *world, _ *Options) {
			w.hosts[2].HAProxy.Database.Binds = []string{"10.99.0.13:3306"}
			w.hosts[2].HAProxy.Database.Unread = []string{"haproxy.cfg line 3: bind: the value of $VIP is known only " +
				"to the process"}
		}, "", "", "a part of HAProxy's configuration on controller-2 was not understood: haproxy.cfg line 3: bind:" +
			" the value of $VIP is known only to the process"},
		"a line that was not understood, the VIP given": {func(w *world, o *Options) {
			w.hosts[2].HAProxy.Database.Unread = []string{"haproxy.cfg line 3: bind: the value of $VIP is known only " +
				"to the process"}
			o.VIP = []string{testVIP}
		}, testVIP, "controller-1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := healthy(3), options()
			c.change(w, &o)
			d := decide(t, w.hosts, o)
			if v := d.Clusters[0].VIP; v.Address != c.address || v.Holder != c.holder {
				t.Errorf("%+v, want %s on %s", v, c.address, c.holder)
			}
			why := ""
			if k := d.of("controller-2"); slices.Contains(k.codes(), condition.ClientsUnknown) {
				why = k.Reasons[0].Message
			}
			if why != c.problem || (c.problem == "") != (d.Chosen != "") {
				t.Errorf("chosen %q: %s\nwant %s", d.Chosen, why, c.problem)
			}
		})
	}
}

// secondVIP makes Pacemaker hold another address on controller-2.
func (w *world) secondVIP() {
	w.hosts[2].HAProxy.Host.Addresses = append(w.hosts[2].HAProxy.Host.Addresses, "10.99.0.9")
	w.managers(func(p *pacemaker.Facts) {
		p.VIPs = append(p.VIPs, pacemaker.VIP{Resource: "ip-10.99.0.9", Address: "10.99.0.9", Node: "controller-2"})
	})
}

func TestAVIPIsAnAddress(t *testing.T) {
	for _, vip := range []string{"overcloud.internalapi", "", "10.0.0"} {
		o := options()
		o.VIP = []string{vip}
		if _, err := Decide(healthy(3).hosts, o); err == nil || !strings.Contains(err.Error(), "is not an IP address") {
			t.Errorf("%q: %v", vip, err)
		}
	}
}

// Clusters with keepalived alone have no Pacemaker that could prevent two simultaneous backups.
func TestAClusterWithoutPacemakerIsReported(t *testing.T) {
	w := healthy(3)
	for i := range w.hosts {
		head := w.hosts[i].Pacemaker.Header
		head.Present, head.Errors = false, []reading.Error{}
		w.hosts[i].Pacemaker = &pacemaker.Facts{Header: head}
	}
	k := decide(t, w.hosts, options()).of("controller-2")
	if len(k.Reasons) != 1 || k.Reasons[0] != (decision.Reason{Code: condition.PacemakerUnread,
		Message: "Pacemaker is not installed on it"}) {
		t.Errorf("%v", k.Reasons)
	}
}
