// SPDX-License-Identifier: GPL-3.0-or-later

package endpoint

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/peer"
)

func parsed(t *testing.T, text string) *cfg.Config {
	t.Helper()
	c, errs := cfg.Parse([]cfg.File{{Name: "haproxy.cfg", Content: []byte(text)}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return c
}

// The page in a configuration is used only if it is this host's.
func TestTheConfigurationsPasswordStaysOnThisHost(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := Page{May: peer.Trust(), Local: true}.dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if conn, err := (Page{May: peer.Trust(), Local: true}).dial(t.Context(), "tcp", "192.0.2.1:1"); err == nil {
		conn.Close()
		t.Error("another host was dialled")
	}
}

func TestLocalPagesAreThisHostsOwn(t *testing.T) {
	c := parsed(t, `listen a
 bind 10.0.0.100:1993
 bind 10.0.0.10:1993
 stats enable
 stats auth u:p:q
listen tls
 bind *:1994 ssl crt /x
 bind [::]:1995 ssl crt /x
 stats uri /s
listen none
 bind 10.0.0.10:80
`)
	var got []string
	for _, p := range LocalPages(c, []string{"10.0.0.10", "fe80::1"}) {
		got = append(got, fmt.Sprint(p.URL, " ", p.User, " ", p.Password))
	}
	want := "http://10.0.0.10:1993/haproxy?stats u p:q, https://127.0.0.1:1994/s  , https://[::1]:1995/s  "
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}
