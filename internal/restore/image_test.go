// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"path/filepath"
	"testing"

	"overcloud.backup/internal/container"
	"overcloud.backup/tests/units"
)

func TestThereIsNoImageOnlyWherePacemakerSaysSo(t *testing.T) {
	const galera = `<primitive id="galera" class="ocf" provider="heartbeat" type="galera"/>`
	for name, c := range map[string]struct {
		resources string // none: Pacemaker does not answer
		image     container.Image
		fails     bool
	}{
		"a bundle": {`<bundle id="galera-bundle"><podman image="mariadb:pcmklatest" replicas="3"/>` + galera +
			`</bundle>`, container.Image{Engine: "podman", Name: "mariadb:pcmklatest"}, false},
		"on the hosts": {`<master id="galera-master">` + galera + `</master>`, container.Image{}, false},
		"not Pacemaker's": {`<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/>`,
			container.Image{}, false},
		"Pacemaker does not answer":     {"", container.Image{}, true},
		"Pacemaker's answer is cut off": {"<primitive", container.Image{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("PATH", dir+":/usr/bin:/bin")
			units.Put(t, filepath.Join(dir, "cibadmin"),
				"#!/bin/sh\n[ -e '"+dir+"/cib' ] || { echo 'Signon to CIB failed' >&2; exit 102; }\ncat '"+dir+
					"/cib'\n", 0o700)
			if c.resources != "" {
				units.Put(t, filepath.Join(dir, "cib"),
					"<configuration><resources>"+c.resources+"</resources></configuration>",
					0o600)
			}
			image, err := ServerImage(t.Context())
			if image != c.image || (err != nil) != c.fails {
				t.Errorf("%+v, %v", image, err)
			}
		})
	}
}
