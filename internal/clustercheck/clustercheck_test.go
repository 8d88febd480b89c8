// SPDX-License-Identifier: GPL-3.0-or-later

package clustercheck

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/tests/user"
)

func TestHealthCheck(t *testing.T) {
	answers := 0
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if answers++; answers < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	output, err := Wait(web.URL)(t.Context(), galera.Wsrep{})
	if err != nil || !strings.Contains(output, "Synced and UP") || answers != 3 {
		t.Errorf("%q, %v after %d answers", output, err, answers)
	}
	web.Close()
	if _, err := Wait(web.URL)(t.Context(), galera.Wsrep{}); err == nil {
		t.Error("nothing listens at the URL that was given")
	}
	resolver := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = resolver })
	net.DefaultResolver = &net.Resolver{PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no resolver") }}
	if output, err := Wait("")(t.Context(), galera.Wsrep{BindAddress: "of-another-resolver.test",
		NodeAddress: "127.0.0.1"}); err != nil || !strings.Contains(output, "127.0.0.1:9200") {
		t.Errorf("a name that only the server knows: %q, %v", output, err)
	}
	for want, w := range map[string]galera.Wsrep{
		"http://controller-0.internalapi:9200/": {BindAddress: "controller-0.internalapi"},
		"http://[fd00::1]:9200/":                {BindAddress: "fd00::1", NodeAddress: "10.0.0.1"},
		"http://10.0.0.1:9200/":                 {NodeAddress: "10.0.0.1:4567"},
		"http://[fd00::2]:9200/":                {NodeAddress: "fd00::2"},
		"http://[fd00::3]:9200/":                {NodeAddress: "[fd00::3]"},
		"http://[fd00::4]:9200/":                {NodeAddress: "[fd00::4]:4567"},
		"http://localhost:9200/":                {},
	} {
		if got := clustercheckURL(w); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// An untrusted process that holds the health check's port says nothing about the node.
func TestHealthCheckOfAStrangerIsNotAsked(t *testing.T) {
	var l net.Listener
	user.As(t, 54321, func() (err error) { l, err = net.Listen("tcp4", "127.0.0.1:0"); return err })
	asked := false
	web := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		asked = true
	})}}
	web.Start()
	defer web.Close()
	began := time.Now()
	got, err := Wait(web.URL)(t.Context(), galera.Wsrep{})
	if err == nil || !strings.Contains(err.Error(), "belongs to user 54321, not to root") ||
		time.Since(began) > healthTimeout/2 {
		t.Errorf("%q, %v", got, err)
	}
	if web.Close(); asked {
		t.Error("the stranger was asked")
	}
}

func TestHealthCheckFollowsNoRedirection(t *testing.T) {
	there := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { there = true }))
	defer other.Close()
	web := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer web.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if got, err := Wait(web.URL)(ctx, galera.Wsrep{}); err == nil || there {
		t.Errorf("%q, %v", got, err)
	}
}
