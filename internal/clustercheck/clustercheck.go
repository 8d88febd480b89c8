// SPDX-License-Identifier: GPL-3.0-or-later

// Package clustercheck queries the health check of a node, like HAProxy, until it lets clients in.
package clustercheck

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/peer"
)

// clustercheckPort is where TripleO's health check, which HAProxy queries, answers 200 for a node that may serve.
const clustercheckPort = "9200"

const (
	healthTimeout = 30 * time.Second
	healthEvery   = 500 * time.Millisecond
)

// Wait waits until the health check answers 200. Without a URL it queries TripleO's usual place, next to the server; if
// nothing listens there, there is nothing to wait for. Any other program that listens there is not queried: it is an
// error.
func Wait(url string) func(context.Context, galera.Wsrep) (string, error) {
	return func(ctx context.Context, w galera.Wsrep) (string, error) {
		asked := url
		if asked == "" {
			asked = clustercheckURL(w)
		}
		err := waitFor200(ctx, asked)
		if url == "" && w.BindAddress != "" && errors.As(err, new(*net.DNSError)) {
			// A name that only the server's own resolver knows.
			w.BindAddress = ""
			return Wait(url)(ctx, w)
		}
		if url == "" && errors.Is(err, syscall.ECONNREFUSED) {
			return "Synced (no health check listens at " + asked + ")", nil
		}
		if err != nil {
			return "", fmt.Errorf("the node is Synced, but its health check does not let clients in: %w", err)
		}
		return "Synced and UP (" + asked + " answers 200)", nil
	}
}

// clustercheckURL returns the URL on the address that clients are sent to. TripleO binds server and check to one, of
// the network of internal services, and to no other; it leaves wsrep_node_address to Galera's guess. Galera has an IPv6
// address in brackets, with or without a port.
func clustercheckURL(w galera.Wsrep) string {
	host := cmp.Or(w.BindAddress, w.NodeAddress, "localhost")
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	return "http://" + net.JoinHostPort(host, clustercheckPort) + "/"
}

func waitFor200(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialCheck,
			MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       5 * time.Second,
	}
	for {
		err := ask(ctx, client, url)
		if err == nil || final(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(healthEvery):
		}
	}
}

// final reports that asking again is useless.
func final(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, new(*net.DNSError)) || errors.As(err,
		new(*peer.StrangerError))
}

// usualDatadir is the folder whose owner TripleO's container of the check runs as; its account has a name only inside.
const usualDatadir = "/var/lib/mysql"

// dialCheck connects to the health check: xinetd's or systemd's, the database's, or HAProxy's if that is in front of
// it.
func dialCheck(ctx context.Context, _, address string) (net.Conn, error) {
	may := peer.Trust("mysql", "haproxy")
	if owner, err := may.AndOwnerOf(usualDatadir); err == nil {
		may = owner
	}
	conn, _, err := peer.DialTCP(ctx, address, may)
	return conn, err
}

func ask(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d %s", url, answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	return nil
}
