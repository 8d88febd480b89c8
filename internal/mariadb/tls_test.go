// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/peer"
	"overcloud.backup/internal/process"
	"overcloud.backup/tests/mariadbd"
)

func TestTLSChecksTheAuthorityAndTheName(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER tls@localhost IDENTIFIED BY 'p' REQUIRE SSL")
	defer run(t, root, "DROP USER tls@localhost")
	l := Login{User: "tls", Password: "p", Host: "127.0.0.1", Port: s.Port}
	for name, c := range map[string]struct {
		ca   string
		skip bool
		want string
	}{
		"signed, name not checked":    {"ca.pem", true, ""},
		"signed, for another name":    {"ca.pem", false, "certificate"},
		"signed by somebody else":     {"other.pem", true, "certificate signed by unknown authority"},
		"without TLS it is refused":   {"", false, "Access denied"},
		"a file that is not there":    {"absent.pem", false, "read ca_cert"},
		"a file without certificates": {"key.pem", false, "contains no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			l := l
			if l.SkipHostname = c.skip; c.ca != "" {
				l.CACert = filepath.Join(s.Dir, c.ca)
			}
			client, err := Open(t.Context(), l)
			if err == nil {
				defer client.Close()
				cipher, _ := client.Rows(t.Context(), "SHOW STATUS LIKE 'Ssl_cipher'")
				if len(cipher) != 1 || cipher[0][1] == "" {
					t.Errorf("not encrypted: %q", cipher)
				}
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// The tools get the same strictness: by default they check neither the authority nor the name.
func TestTheToolsCheckTheNameToo(t *testing.T) {
	s := server(t)
	for _, skip := range []bool{false, true} {
		c := &Client{cred: credential{user: "root"}, reached: Reached{Via: "tcp",
			Address: fmt.Sprintf("127.0.0.1:%d", s.Port)},
			login: Login{CACert: filepath.Join(s.Dir, "ca.pem"), SkipHostname: skip}}
		text, err := c.OptionFile("")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "tools.cnf")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = process.Output(t.Context(), "mariadb-dump", "--defaults-file="+file, "--all-databases")
		if errors.Is(err, process.ErrNotFound) {
			t.Skip(err)
		}
		if refused := err != nil && strings.Contains(err.Error(), "TLS/SSL error"); refused == skip {
			t.Errorf("name checked: %t: %v", !skip, err)
		}
	}
	c := &Client{reached: Reached{Via: "socket", Address: s.Socket}, login: Login{CACert: "ca.pem"}}
	if text, err := c.OptionFile(""); err != nil || strings.Contains(string(text), "ssl") {
		t.Errorf("over the socket: %q, %v", text, err)
	}
}

// Certificates may be in a folder of the server's user, who can replace them with a pipe.
func TestAPipeInACertificatesPlaceBlocksNobody(t *testing.T) {
	dir := t.TempDir()
	mariadbd.Certificates(dir)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ ca, cert, key string }{
		"ca_cert":     {pipe, "", ""},
		"client_cert": {"", pipe, dir + "/key.pem"},
		"client_key":  {"", dir + "/cert.pem", pipe},
	} {
		ended := make(chan error, 1)
		go func() {
			_, err := loadTLS(Login{CACert: c.ca, ClientCert: c.cert, ClientKey: c.key}, peer.Trust())
			ended <- err
		}()
		select {
		case err := <-ended:
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "is a pipe") {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: a read of the pipe hangs", name)
		}
	}
	if _, err := loadTLS(Login{CACert: dir + "/ca.pem", ClientCert: dir + "/cert.pem", ClientKey: dir + "/key.pem"},
		peer.Trust()); err != nil {
		t.Errorf("good ones: %v", err)
	}
}

// With ca_cert, a server without TLS gets nothing, not even a user name.
func TestALoginIsNotTalkedOutOfTLS(t *testing.T) {
	dir := t.TempDir()
	mariadbd.Certificates(dir)
	for name, greeting := range map[string]string{
		"without TLS":   greets("mysql_native_password", lacksIt),
		"with a plugin": greets("caching_sha2_password", lacksIt),
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		trap := set(t, l, func(s *script) { s.say(greeting); s.hear() })
		c, err := Open(t.Context(), Login{User: "root", Password: secret, Host: "127.0.0.1", Port: port(l),
			CACert: filepath.Join(dir, "ca.pem"), SkipHostname: true})
		if err == nil {
			c.Close()
		}
		if err == nil || len(trap.all()) > 0 || !strings.Contains(err.Error(), "TLS") {
			t.Errorf("%s: %v, it heard %q", name, err, trap.all())
		}
	}
}

// A server whose certificate was verified may ask for the password, and malformed answers do not crash the program.
func TestAProvenServerIsTrusted(t *testing.T) {
	dir := t.TempDir()
	mariadbd.Certificates(dir)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for plugin, more := range map[string]string{"caching_sha2_password": "\x01\x04",
		"sha256_password": "\x01" + publicPEM(t, &curve.PublicKey)} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		trap := set(t, l, func(s *script) {
			s.say(greets(plugin, hasTLS))
			s.hear() // the request for TLS
			s.Conn = tls.Server(s.Conn, &tls.Config{Certificates: []tls.Certificate{pair}})
			s.hear()
			s.say(more)
			s.hear()
		})
		_, err = Open(t.Context(), Login{User: "root", Password: secret, Host: "127.0.0.1", Port: port(l),
			CACert: filepath.Join(dir, "ca.pem"), SkipHostname: true})
		if err == nil || trap.learned() == "" {
			t.Errorf("%s: %v; it learned %q", plugin, err, trap.learned())
		}
	}
}

// An attacker in the network cannot inject a packet before what the server sends in TLS.
func TestNothingIsPutBeforeTLS(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER tls@localhost IDENTIFIED BY 'p' REQUIRE SSL")
	defer run(t, root, "DROP USER tls@localhost")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	forged := make(chan bool, 8)
	set(t, l, func(client *script) {
		real, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
		if err != nil {
			return
		}
		defer real.Close()
		greeting := make([]byte, 4096)
		n, _ := real.Read(greeting)
		client.Write(append(greeting[:n], framed(2, okay)...))
		forged <- true
		go io.Copy(real, client)
		io.Copy(client, real)
	})
	c, err := Open(t.Context(), Login{User: "tls", Password: "p", Host: "127.0.0.1", Port: port(l),
		CACert: filepath.Join(s.Dir, "ca.pem"), SkipHostname: true})
	if err == nil {
		c.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "tls:") || len(forged) == 0 {
		t.Errorf("%v", err)
	}
}

// Whoever can write the certificate files decides which server is trusted.
func TestCertificatesOfOthersAreRefused(t *testing.T) {
	dir := t.TempDir()
	mariadbd.Certificates(dir)
	pem, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	open, folder := filepath.Join(t.TempDir(), "open.pem"), t.TempDir()
	inside := filepath.Join(folder, "ca.pem")
	err = errors.Join(os.WriteFile(open, pem, 0o600), os.Chmod(open, 0o666), os.WriteFile(inside, pem, 0o600),
		os.Chmod(folder, 0o777))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{open, inside} {
		_, err := Open(t.Context(), Login{User: "u", Password: "p", Host: "127.0.0.1", CACert: path})
		if err == nil || !strings.Contains(err.Error(), "read ca_cert: "+path) ||
			!strings.Contains(err.Error(), "chmod go-w") {
			t.Errorf("%v", err)
		}
	}
}
