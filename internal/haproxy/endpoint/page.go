// SPDX-License-Identifier: GPL-3.0-or-later

package endpoint

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
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/peer"
)

// Page is a stats URL with its credentials.
type Page struct {
	URL      string // without credentials
	User     string
	Password string
	Local    bool // credentials of the configuration, which are only for this host
	May      peer.Owners
}

// Get reads one page: the URL with a suffix, such as ";csv". No proxy is used and no redirection followed, because
// either would carry the credentials elsewhere. On this host they are sent only to HAProxy's own listener, whoever set
// them, and nobody else's answer is trusted.
func (p Page) Get(ctx context.Context, suffix string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+suffix, nil)
	if err != nil {
		return nil, errors.New("the URL cannot be used")
	}
	if p.User != "" {
		req.SetBasicAuth(p.User, p.Password)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DialContext: p.dial, MaxResponseHeaderBytes: 64 << 10},
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

func (p Page) dial(ctx context.Context, _, address string) (net.Conn, error) {
	conn, local, err := peer.DialTCP(ctx, address, p.May)
	if err == nil && p.Local && !local {
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

// ParseURL separates credentials from a URL, so that it can be shown, and a trailing ";csv".
func ParseURL(text string) (Page, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Page{}, errors.New("stats_url must be like http://10.0.0.1:1993/")
	}
	p := Page{User: u.User.Username()}
	p.Password, _ = u.User.Password()
	u.User = nil
	if u.Path == "" {
		u.Path = "/"
	}
	p.URL = strings.TrimSuffix(u.String(), ";csv")
	return p, nil
}

// LocalPages returns the stats URLs of the configuration that lead to this host. The page also binds the VIP, where the
// HAProxy of the VIP's holder would answer.
func LocalPages(c *cfg.Config, addresses []string) []Page {
	var pages []Page
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
func statsPage(s cfg.Section, host string) Page {
	scheme, uri := "http://", s.Stats.URI
	if s.TLS {
		scheme = "https://"
	}
	if uri == "" {
		uri = "/haproxy?stats" // HAProxy's default
	}
	return Page{URL: scheme + host + uri, User: s.Stats.User, Password: s.Stats.Password, Local: true}
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

// Stat returns the statistics of all proxies.
func (p Page) Stat(ctx context.Context) ([]stats.Proxy, error) {
	b, err := p.Get(ctx, ";csv")
	if err != nil {
		return nil, err
	}
	return stats.ParseStat(b)
}
