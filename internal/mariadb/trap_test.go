// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// secret is the password that no hostile server may learn.
const secret = "Gr8-root-Secret"

const scramble = "abcdefghijklmnopqrst"

// script is the dialogue of one connection to a hostile server.
type script struct {
	net.Conn
	seq byte
	t   *trap
}

// trap is a hostile server that records everything it receives.
type trap struct {
	sync.Mutex
	heard []byte
	came  int
	key   *rsa.PrivateKey
}

func (s *script) say(payload string) {
	s.Write(framed(s.seq, payload))
	s.seq += 2
}

func framed(seq byte, payload string) []byte {
	return append([]byte{byte(len(payload)), byte(len(payload) >> 8), byte(len(payload) >> 16), seq}, payload...)
}

// hear reads the client's next packet.
func (s *script) hear() []byte {
	header := make([]byte, 4)
	if _, err := io.ReadFull(s, header); err != nil {
		return nil
	}
	s.seq = header[3] + 1
	payload := make([]byte, int(header[0])|int(header[1])<<8|int(header[2])<<16)
	n, _ := io.ReadFull(s, payload)
	s.t.Lock()
	defer s.t.Unlock()
	s.t.heard = append(s.t.heard, payload[:n]...)
	return payload
}

// learned reports how much of a secret the server has: in plain text, or encrypted with its own key.
func (t *trap) learned() string {
	t.Lock()
	defer t.Unlock()
	if bytes.Contains(t.heard, []byte(secret)) {
		return "the password in plain"
	}
	if size := 256; t.key != nil && len(t.heard) >= size {
		plain, err := rsa.DecryptOAEP(sha1.New(), nil, t.key, t.heard[len(t.heard)-size:], nil)
		for i := range plain {
			plain[i] ^= scramble[i%len(scramble)]
		}
		if err == nil {
			return fmt.Sprintf("%q by its own key", plain)
		}
	}
	return ""
}

func (t *trap) visits() int {
	t.Lock()
	defer t.Unlock()
	return t.came
}

func (t *trap) all() []byte {
	t.Lock()
	defer t.Unlock()
	return bytes.Clone(t.heard)
}

// set opens a trap on a listener.
func set(t *testing.T, l net.Listener, behave func(*script)) *trap {
	t.Helper()
	t.Cleanup(func() { l.Close() })
	one := &trap{}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			one.Lock()
			one.came++
			one.Unlock()
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(5 * time.Second))
				behave(&script{Conn: conn, t: one})
			}()
		}
	}()
	return one
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// Capabilities of a server with and without TLS.
const (
	hasTLS  = "\xfe\xff"
	lacksIt = "\xfe\xf7"
)

func greets(plugin, capabilities string) string {
	return "\x0a5.5.5-10.11.14-MariaDB\x00\x01\x00\x00\x00" + scramble[:8] + "\x00" + capabilities +
		"\x2d\x02\x00\xff\x81\x15" +
		strings.Repeat("\x00", 10) + scramble[8:] + "\x00" + plugin + "\x00"
}

func order(plugin string) string { return "\xfe" + plugin + "\x00" + scramble + "\x00" }

const okay = "\x00\x00\x00\x02\x00\x00\x00"

// wants requests a plugin in the greeting, or by an auth switch, and then sends each packet in more.
func wants(plugin string, byGreeting bool, more ...string) func(*script) {
	return func(s *script) {
		if byGreeting {
			s.say(greets(plugin, lacksIt))
		} else {
			s.say(greets("mysql_native_password", lacksIt))
			s.hear()
			s.say(order(plugin))
		}
		for _, payload := range more {
			s.hear()
			s.say(payload)
		}
		s.hear()
	}
}

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
