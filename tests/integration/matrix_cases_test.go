// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab && matrix

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// nothingIsLeft checks that a backup left no unit, no lock, no desync and no file.
func (c control) nothingIsLeft() {
	c.t.Helper()
	left := c.sets()
	for _, n := range names(3) {
		left += c.on(n,
			`systemctl list-units 'overcloud-backup-*' --all --no-legend --plain
			find /run/overcloud.backup -name arguments 2>/dev/null
			cibadmin --query --scope crm_config | grep -o '<cluster_property_set id="overcloud-backup[^"]*"'; true`)
		if c.sql(n, "SELECT @@wsrep_desync") != "0" {
			left += n + " is desynced"
		}
	}
	if left != "" {
		c.t.Errorf("left: %s", left)
	}
}

// decided compares the decision with the server that a client reaches, and returns it.
func (c control) decided(p playbookRun) (decision, []string) {
	c.t.Helper()
	found := p.of("idle_controller")
	if len(found) != 1 {
		c.t.Fatalf("%d decisions\n%s", len(found), p.out)
	}
	var d decision
	found[0].into(c.t, &d)
	var all []string
	for _, k := range d.Clusters[0].Controllers {
		all = append(all, fmt.Sprintf("%s %s %v", k.Activity, k.Verdict, d.reasons(k.Name)))
	}
	slices.Sort(all)
	return d, all
}

func (c control) status() []string {
	p := c.plays("playbooks/status.yml", nil)
	d, reasons := c.decided(p)
	serving := c.serving()
	if p.err != nil || d.Chosen == "" || d.Chosen == serving || !slices.Equal(d.Active, []string{serving}) ||
		!slices.Equal(d.reasons(serving), []string{"active"}) {
		c.t.Errorf("%s serves, the decision is %+v, %v\n%s", serving, d, p.err, p.out)
	}
	if !strings.Contains(p.out, d.Text) || d.Text == "" {
		c.t.Errorf("the table was not shown:\n%s\n%s", d.Text, p.out)
	}
	return append(p.lines(), reasons...)
}

// made is the result of galera_backup, as far as these tests read it.
type made struct {
	Backup struct {
		Path     string   `json:"path"`
		Manifest manifest `json:"manifest"`
	} `json:"backup"`
	Plan struct {
		Method      string `json:"method"`
		Destination string `json:"destination"`
	} `json:"plan"`
}

// whole reads the manifest of the set that a result names, and compares it with the result.
func (c control) whole(result taskResult) string {
	c.t.Helper()
	var m made
	result.into(c.t, &m)
	var there manifest
	if m.Backup.Path == "" {
		c.t.Fatalf("no set: %v", result)
	}
	controller := m.Backup.Path[strings.LastIndexByte(m.Backup.Path, '_')+1:]
	if err := json.Unmarshal([]byte(c.on(controller, "cat "+m.Backup.Path+"/manifest.json")), &there); err != nil {
		c.t.Fatal(err)
	}
	if there.Controller != controller || there.Position != m.Backup.Manifest.Position || there.Position.Seqno <= 0 ||
		there.Method != "physical" {
		c.t.Errorf("the manifest says %+v, the result %+v", there, m.Backup.Manifest)
	}
	return controller
}

func (c control) backsUp() []string {
	p := c.plays("playbooks/backup.yml", map[string]any{"controller_backup_method": "physical"})
	backups := p.of("galera_backup")
	if p.err != nil || len(backups) == 0 {
		c.t.Fatalf("%v\n%s", p.err, p.out)
	}
	d, reasons := c.decided(p)
	last := backups[len(backups)-1]
	if controller := c.whole(last); controller != d.Chosen || controller == c.serving() ||
		last.Result["changed"] != true {
		c.t.Errorf("chosen is %s, backed up was %s\n%s", d.Chosen, controller, p.out)
	}
	return append(p.lines(), reasons...)
}

// fails: nobody can write to the destination, so the other standby is tried, too.
func (c control) fails() []string {
	for _, n := range names(3) {
		c.on(n, "mkdir -p -m 0700 "+destination+"; mount -t tmpfs -o ro,mode=0700,size=512M tmpfs "+destination)
	}
	p := c.plays("playbooks/backup.yml", nil)
	if said := p.refusal(); p.err == nil || !strings.Contains(said, destination) ||
		!strings.Contains(said, "read-only") {
		c.t.Errorf("%v: not a clear message: %s\n%s", p.err, said, p.out)
	}
	c.nothingIsLeft()
	c.clear()
	c.nothingIsLeft()
	return p.lines()
}

func (c control) checks() []string {
	p := c.plays("playbooks/backup.yml", nil, "--check")
	backups := p.of("galera_backup")
	if p.err != nil || len(backups) == 0 {
		c.t.Fatalf("%v\n%s", p.err, p.out)
	}
	var m made
	backups[len(backups)-1].into(c.t, &m)
	if m.Plan.Method != "physical" || !strings.HasPrefix(m.Plan.Destination, destination) || m.Backup.Path != "" {
		c.t.Errorf("no plan: %+v\n%s", m, p.out)
	}
	c.nothingIsLeft()
	return p.lines()
}

func (c control) async() []string {
	victim := c.standbys(3)[0]
	p := c.plays(filepath.Join(root, "tests/matrix/async.yml"),
		map[string]any{"victim": victim, "destination": destination})
	if p.err != nil {
		c.t.Fatalf("%v\n%s", p.err, p.out)
	}
	ended := slices.IndexFunc(p.told, func(k taskResult) bool { return k.Task == "Wait for its end" })
	if ended < 0 || c.whole(p.told[ended]) != victim {
		c.t.Fatalf("no set\n%s", p.out)
	}
	return append(p.lines(), "the end: "+keys(p.told[ended].Result))
}

// vault gives the account of a backup as a value that is encrypted in the task.
func (c control) vault() []string {
	const password = "of-the-vault"
	c.sql("controller-0", "CREATE OR REPLACE USER matrix@localhost IDENTIFIED BY '"+password+
		"'; GRANT ALL ON *.* TO matrix@localhost")
	c.t.Cleanup(func() { lab{c.t}.sql("controller-0", "DROP USER IF EXISTS matrix@localhost") })
	p, key := c.withVault(password)
	found := p.of("galera_facts")
	if p.err != nil || len(found) != 1 {
		c.t.Fatalf("%v\n%s", p.err, p.out)
	}
	// The account of the vault was used, so its password was as well: the server would have refused another one.
	if got := found[0].reached(c.t); got != "matrix, options" {
		c.t.Errorf("it was logged in as %s", got)
	}
	for what, text := range map[string]string{"what it printed": p.out, "a result": fmt.Sprint(p.told)} {
		if strings.Contains(text, password) || strings.Contains(text, key) {
			c.t.Errorf("the password is in %s:\n%s", what, text)
		}
	}
	return p.lines()
}

// withVault reads a controller with -vvv, as the user matrix, whose password is encrypted with a key.
func (c control) withVault(password string) (playbookRun, string) {
	c.t.Helper()
	const key = "correct-horse"
	folder := c.t.TempDir()
	file, playbook := filepath.Join(folder, "key"), filepath.Join(folder, "vault.yml")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		c.t.Fatal(err)
	}
	locked, err := c.command(time.Minute, "ansible-vault", "encrypt_string", "--vault-password-file", file,
		password).Output()
	if err != nil {
		c.t.Fatal(err)
	}
	text := fmt.Sprintf(`
- hosts: controller-0
  gather_facts: false
  become: true
  tasks:
    - name: Read Galera with a password from the vault
      overcloud.backup.galera_facts:
        login_user: matrix
        login_password: %s
`, strings.TrimRight(string(locked), "\n"))
	if err := os.WriteFile(playbook, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return c.plays(playbook, nil, "-vvv", "--vault-password-file", file), key
}

// misses leaves out one controller, so that it is unknown who serves.
func (c control) misses() []string {
	away := c.standbys(3)[0]
	override := filepath.Join(c.t.TempDir(), "closed_port.yml")
	if err := os.WriteFile(override, fmt.Appendf(nil, "Controller:\n  hosts:\n    %s:\n      ansible_port: 1\n", away),
		0o600); err != nil {
		c.t.Fatal(err)
	}
	p := c.plays("playbooks/backup.yml", nil, "-i", override)
	d, reasons := c.decided(p)
	if said := p.refusal(); p.err == nil || !strings.Contains(said, away) || said != d.Message {
		c.t.Errorf("%v: no clear refusal: %q, the decision says %q\n%s", p.err, said, d.Message, p.out)
	}
	for _, n := range others(away) {
		if n != c.serving() && !slices.Equal(d.reasons(n), []string{"cluster_incomplete"}) {
			c.t.Errorf("%s: %v", n, d.reasons(n))
		}
	}
	c.nothingIsLeft()
	return append(p.lines(), reasons...)
}
