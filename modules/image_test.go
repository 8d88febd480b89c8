// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/container"
)

func TestThereIsNoImageOnlyWherePacemakerSaysSo(t *testing.T) {
	const galera = `<primitive id="galera" class="ocf" provider="heartbeat" type="galera"/>`
	for name, c := range map[string]struct {
		resources string // none: Pacemaker does not answer
		image     container.Image
		fails     bool
	}{
		"a bundle":                      {`<bundle id="galera-bundle"><podman image="mariadb:pcmklatest" replicas="3"/>` + galera + `</bundle>`, container.Image{Engine: "podman", Name: "mariadb:pcmklatest"}, false},
		"on the hosts":                  {`<master id="galera-master">` + galera + `</master>`, container.Image{}, false},
		"not Pacemaker's":               {`<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/>`, container.Image{}, false},
		"Pacemaker does not answer":     {"", container.Image{}, true},
		"Pacemaker answers with halves": {"<primitive", container.Image{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("PATH", dir+":/usr/bin:/bin")
			putFile(t, filepath.Join(dir, "cibadmin"), "#!/bin/sh\n[ -e '"+dir+"/cib' ] || { echo 'Signon to CIB failed' >&2; exit 102; }\ncat '"+dir+"/cib'\n", 0o700)
			if c.resources != "" {
				putFile(t, filepath.Join(dir, "cib"), "<configuration><resources>"+c.resources+"</resources></configuration>", 0o600)
			}
			image, err := serverImage(t.Context())
			if image != c.image || (err != nil) != c.fails {
				t.Errorf("%+v, %v", image, err)
			}
		})
	}
}

// A set that is only read back needs no programs of the server.
func TestASetIsReadBackWhilePacemakerIsDown(t *testing.T) {
	destination, _ := smallSet(t)
	jobStore(t)
	if err := os.Remove(filepath.Join(strings.Split(os.Getenv("PATH"), ":")[0], "cib")); err != nil {
		t.Fatal(err)
	}
	if answer := asked(t, "backup_verify", map[string]any{"destination": destination, "level": "read"}); answer["failed"] != nil {
		t.Error(answer)
	}
	answer := asked(t, "backup_verify", map[string]any{"destination": destination, "policy": "allow_active", "scratch": filepath.Join(filepath.Dir(destination), "scratch")})
	if msg, _ := answer["msg"].(string); !strings.Contains(msg, "see what image the database runs in: read the galera resource") {
		t.Error(msg)
	}
}
