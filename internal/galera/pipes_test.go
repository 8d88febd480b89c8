// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/peer"
)

// Certificates may lie in a folder of the server's user, who can put a pipe in their place.
func TestAPipeInACertificatesPlaceHoldsNobodyUp(t *testing.T) {
	dir := t.TempDir()
	certificates(dir)
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
	if _, err := loadTLS(Login{CACert: dir + "/ca.pem", ClientCert: dir + "/cert.pem", ClientKey: dir + "/key.pem"}, peer.Trust()); err != nil {
		t.Errorf("good ones: %v", err)
	}
}
