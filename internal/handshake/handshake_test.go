// SPDX-License-Identifier: GPL-3.0-or-later

package handshake

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// wire is a connection that delivers a server's data.
type wire struct {
	net.Conn
	io.Reader
}

func (w wire) Read(b []byte) (int, error) { return w.Reader.Read(b) }

func frame(seq byte, payload string) string {
	n := len(payload)
	return string([]byte{byte(n), byte(n >> 8), byte(n >> 16), seq}) + payload
}

const challenge = "abcdefghijklmnopqrst"

// hello is a greeting of MariaDB 10.11.
func hello(plugin string) string {
	return frame(0, "\x0a5.5.5-10.11.14-MariaDB\x00\x01\x00\x00\x00"+challenge[:8]+
		"\x00\xfe\xf7\x2d\x02\x00\xff\x81\x15"+
		strings.Repeat("\x00", 6)+"\x1d\x00\x00\x00"+challenge[8:]+"\x00"+plugin+"\x00")
}

const ok = "\x00\x00\x00\x02\x00\x00\x00"

func TestLogins(t *testing.T) {
	native := hello("mysql_native_password")
	to := func(plugin string) string { return frame(2, "\xfe"+plugin+"\x00"+challenge+"\x00") }
	for name, c := range map[string]struct {
		said   string
		passed int // the number of bytes that are passed on
		want   string
	}{
		"the greeting's own plugin":   {native + frame(2, ok), -1, ""},
		"a greeting without a plugin": {hello("") + frame(2, ok), -1, ""},
		"ed25519":                     {native + to("client_ed25519") + frame(4, ok), -1, ""},
		"native after another greeting": {hello("client_ed25519") + to("mysql_native_password") + frame(4, ok), -1,
			""},
		"unix_socket":                      {native + to("unix_socket") + frame(4, ok), -1, ""},
		"a refusal":                        {native + frame(2, "\xff\x15\x04#28000Access denied"), -1, ""},
		"no connection is left":            {frame(0, "\xff\x10\x04Too many connections"), -1, ""},
		"what follows the login is unseen": {native + frame(2, ok) + "\xff\xff\xff\xff anything", -1, ""},
		"caching_sha2_password by greeting": {hello("caching_sha2_password"), 0,
			`"caching_sha2_password", which would show it`},
		"caching_sha2_password by order": {native + to("caching_sha2_password"), len(native),
			`"caching_sha2_password"`},
		"sha256_password": {native + to("sha256_password"), len(native), `"sha256_password"`},
		"mysql_clear_password": {native + to("mysql_clear_password"), len(native),
			`"mysql_clear_password"`},
		"dialog":                           {native + to("dialog"), len(native), `"dialog"`},
		"before MySQL 4.1":                 {native + frame(2, "\xfe"), len(native), `"mysql_old_password"`},
		"a name that continues a good one": {native + to("mysql_native_password2"), len(native), "password2"},
		"a name in capitals":               {native + to("Mysql_Native_Password"), len(native), "plugin"},
		"no name":                          {native + to(""), len(native), "no plugin"},
		"a name without an end": {native + frame(2, "\xfemysql_native_password"), len(native),
			"no plugin"},
		"a challenge that is too short": {native + frame(2, "\xfemysql_native_password\x00abc\x00"), len(native),
			"a challenge of 4 bytes"},
		"more is asked":                      {native + frame(2, "\x01\x04"), len(native), "0x01"},
		"a file is asked for":                {native + frame(2, "\xfb/etc/shadow"), len(native), "0xfb"},
		"an empty packet":                    {native + frame(2, "") + frame(3, ok), len(native), "0 bytes"},
		"a greeting in two parts":            {"\xff\xff\xff\x00", 0, "16777215 bytes"},
		"a greeting that is too short":       {frame(0, "\x0a5.5\x00\x01\x00\x00\x00abcdefgh"), 0, "not a greeting"},
		"a greeting of an old protocol":      {frame(0, "\x09"+hello("")[5:]), 0, "not a greeting"},
		"a greeting that is nothing but one": {frame(0, "\x0a"), 0, "not a greeting"},
		"an error without a number":          {frame(0, "\xff\x10\x04"), 0, "an error of 3 bytes"},
		"a web server":                       {"HTTP/1.1 400 Bad Request\r\n", 0, "bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			for how, reader := range map[string]func(io.Reader) io.Reader{
				"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader,
				"with its end": iotest.DataErrReader,
			} {
				watched := Watch(wire{Reader: reader(strings.NewReader(c.said))}, false)
				got, err := io.ReadAll(watched)
				want := c.said
				if c.passed >= 0 {
					want = c.said[:c.passed]
				}
				if string(got) != want {
					t.Errorf("%s: passed on %q, want %q", how, got, want)
				}
				failed := err != nil && strings.Contains(err.Error(), c.want)
				if !errors.Is(err, watched.Err()) || (err == nil) != (c.want == "") || err != nil && !failed {
					t.Errorf("%s: %v, want %q", how, err, c.want)
				}
			}
		})
	}
}

// In TLS the server is authenticated before it asks. Data from before the handshake does not count as part of it.
func TestOnlyTheGreetingIsReadBeforeTLS(t *testing.T) {
	greeting, injected := hello("caching_sha2_password"), frame(1, ok)
	server := strings.NewReader(greeting + injected)
	c := Watch(wire{Reader: server}, true)
	buffer := make([]byte, 4096)
	n, err := c.Read(buffer)
	if err != nil || string(buffer[:n]) != greeting || server.Len() != len(injected) {
		t.Errorf("%q, %v, %d bytes are left", buffer[:n], err, server.Len())
	}
	if n, err := c.Read(buffer); err != nil || string(buffer[:n]) != injected {
		t.Errorf("what follows is for TLS: %q, %v", buffer[:n], err)
	}
	if _, err := io.ReadAll(Watch(wire{Reader: strings.NewReader(frame(0, "\x0a"))}, true)); err == nil {
		t.Error("a greeting is not looked at")
	}
}

func TestARefusalStays(t *testing.T) {
	c := Watch(wire{Reader: strings.NewReader(hello("dialog") + hello("mysql_native_password") + frame(1, ok))}, false)
	for range 3 {
		if got, err := io.ReadAll(c); len(got) != 0 || err == nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// Whatever a server sends, and in whatever pieces, only complete packets are passed on, and none before the end of a
// login in which the server asked for the password.
func FuzzWatch(f *testing.F) {
	native := hello("mysql_native_password")
	for _, seed := range []string{native + frame(2, ok), hello("dialog"), native + frame(2, "\xfedialog\x00"),
		native + frame(2, "\xff\x15\x04no"), native + frame(2, "\xfeclient_ed25519\x00"+challenge) + frame(4, ok),
		"\xff\xff\xff\x00"} {
		f.Add([]byte(seed), false)
	}
	f.Add([]byte(native), true)
	f.Fuzz(func(t *testing.T, got []byte, encrypted bool) {
		whole, wholeErr := io.ReadAll(Watch(wire{Reader: bytes.NewReader(got)}, encrypted))
		pieces, piecesErr := io.ReadAll(Watch(wire{Reader: iotest.OneByteReader(bytes.NewReader(got))}, encrypted))
		if !bytes.Equal(whole, pieces) || (wholeErr == nil) != (piecesErr == nil) {
			t.Errorf("at once %q, %v; in pieces %q, %v", whole, wholeErr, pieces, piecesErr)
		}
		if !bytes.HasPrefix(got, whole) {
			t.Fatalf("%q became %q", got, whole)
		}
		if !encrypted {
			harmless(t, whole)
		}
	})
}

var harmlessPlugins = []string{"mysql_native_password", "client_ed25519", "unix_socket", "auth_socket"}

// harmless parses the passed data independently.
func harmless(t *testing.T, passed []byte) {
	for n := 0; len(passed) > 0; n++ {
		size := int(passed[0]) | int(passed[1])<<8 | int(passed[2])<<16
		payload := passed[4 : 4+size]
		passed = passed[4+size:]
		switch {
		case payload[0] == 0xff && len(passed) > 0:
			t.Fatalf("%q follows an error", passed)
		case payload[0] == 0xff, n > 0 && payload[0] == 0:
			return
		case n == 0:
			// The lengths are counted as the library counts them: 4, 8 and 1, 2, 3, 2, 7, 4, 13.
			name, _, _ := bytes.Cut(payload[bytes.IndexByte(payload, 0)+1+44:], []byte{0})
			if len(name) > 0 && !slices.Contains(harmlessPlugins, string(name)) {
				t.Fatalf("a greeting with %q", name)
			}
		default:
			name, _, _ := strings.Cut(string(payload[1:]), "\x00")
			if payload[0] != 0xfe || !slices.Contains(harmlessPlugins, name) {
				t.Fatalf("packet %d is %q", n, payload)
			}
		}
	}
}
