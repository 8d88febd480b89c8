// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/peer"
)

// web is a stats URL with its credentials.
type web struct {
	url      string // without credentials
	user     string
	password string
	local    bool // credentials of the configuration, which are only for this host
	may      peer.Owners
}

// get reads one page: the URL with a suffix, such as ";csv". No proxy is used and no redirection followed, because
// either would carry the credentials elsewhere. On this host they are sent only to HAProxy's own listener, whoever set
// them, and nobody else's answer is trusted.
func (w web) get(ctx context.Context, suffix string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+suffix, nil)
	if err != nil {
		return nil, errors.New("the URL cannot be used")
	}
	if w.user != "" {
		req.SetBasicAuth(w.user, w.password)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DialContext: w.dial, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, reason(ctx, unwrapURL(err), 0)
	}
	defer resp.Body.Close()
	// in our words, not those of the answer
	status := fmt.Sprint(resp.StatusCode, " ", http.StatusText(resp.StatusCode))
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("the user or password was refused (%s)", status)
	default:
		return nil, fmt.Errorf("answered %s", status)
	}
	b, err := readAll(resp.Body)
	return b, reason(ctx, err, len(b))
}

func (w web) dial(ctx context.Context, _, address string) (net.Conn, error) {
	conn, local, err := peer.DialTCP(ctx, address, w.may)
	if err == nil && w.local && !local {
		conn.Close()
		return nil, errors.New("the address is not this host's: the configuration's password is not for others")
	}
	return conn, err
}

func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return excerpt.Error(err) // it may repeat what was answered
}

// parseStatsURL separates credentials from a URL, so that it can be shown, and a trailing ";csv".
func parseStatsURL(text string) (web, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return web{}, errors.New("stats_url must be like http://10.0.0.1:1993/")
	}
	w := web{user: u.User.Username()}
	w.password, _ = u.User.Password()
	u.User = nil
	if u.Path == "" {
		u.Path = "/"
	}
	w.url = strings.TrimSuffix(u.String(), ";csv")
	return w, nil
}

// localPages returns the stats URLs of the configuration that lead to this host. The page also binds the VIP, where the
// HAProxy of the VIP's holder would answer.
func localPages(c *cfg.Config, addresses []string) []web {
	var pages []web
	if c == nil {
		return nil
	}
	for _, s := range c.Sections {
		if !s.Stats.Enabled {
			continue
		}
		for _, bind := range s.Binds {
			if host := localHost(bind, addresses); host != "" {
				pages = append(pages, statsPage(s, host))
			}
		}
	}
	return pages
}

// statsPage returns the statistics page of a section.
func statsPage(s cfg.Section, host string) web {
	scheme, uri := "http://", s.Stats.URI
	if s.TLS {
		scheme = "https://"
	}
	if uri == "" {
		uri = "/haproxy?stats" // HAProxy's default
	}
	return web{url: scheme + host + uri, user: s.Stats.User, password: s.Stats.Password, local: true}
}

// localHost returns the host:port by which a bind is reached on this host; empty if the address is not the host's own.
func localHost(bind string, addresses []string) string {
	host, port, err := net.SplitHostPort(bind)
	if err != nil {
		return ""
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return ""
	case ip.IsUnspecified() && ip.Is4():
		return net.JoinHostPort("127.0.0.1", port)
	case ip.IsUnspecified():
		return net.JoinHostPort("::1", port)
	case ip.IsLoopback() || slices.Contains(addresses, ip.String()):
		return net.JoinHostPort(host, port)
	}
	return ""
}
