// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

// Package integration runs the collection on the lab: real controllers, real clients, real faults. Every decision is
// compared with what a client sees through the VIP.
package integration

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

const root = "../.." // of the repository

// The lab's network, as tests/lab/lab has it.
var (
	subnet = cmp.Or(os.Getenv("LAB_SUBNET"), "10.99.0")
	vip    = subnet + ".100"
)

// shape is how the lab's controllers are built, hosts or bundle: the same tests run on both.
var shape = cmp.Or(os.Getenv("LAB_SHAPE"), "hosts")

// The names that the shapes use for the same things.
var (
	galeraResource  = map[string]string{"hosts": "galera-master", "bundle": "galera-bundle"}[shape]
	haproxyResource = map[string]string{"hosts": "haproxy-clone", "bundle": "haproxy-bundle"}[shape]
	haproxyConfig   = map[string]string{"hosts": "", "bundle": "/var/lib/config-data/puppet-generated/haproxy"}[shape] +
		"/etc/haproxy/haproxy.cfg"
	databaseSocket = map[string]string{"hosts": "/run/mysqld/mysqld.sock", "bundle": "/var/lib/mysql/mysql.sock"}[shape]
	// inventoryPrefix turns a controller's name into its name in Ansible's inventory.
	inventoryPrefix = map[string]string{"hosts": "", "bundle": "overcloud-"}[shape]
)

// inventory returns the names of controllers in Ansible's inventory.
func inventory(controllers ...string) (hosts []string) {
	for _, c := range controllers {
		hosts = append(hosts, inventoryPrefix+c)
	}
	return hosts
}

// program is the program that drives the lab.
var program = "tests/lab/lab"

// lab runs its commands.
type lab struct{ t testing.TB }

// try runs a lab command and returns what it printed, without the line feed at its end.
func (l lab) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(root, program), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("lab %s: %w\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return strings.TrimRight(string(out), "\n"), nil
}

// run is try for commands that must succeed.
func (l lab) run(args ...string) string {
	l.t.Helper()
	out, err := l.try(args...)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// up brings the lab up in the shape that is tested.
func (l lab) up(args ...string) {
	l.t.Helper()
	l.run(append([]string{"up", "--shape", shape}, args...)...)
}

// on runs a command as root on a controller.
func (l lab) on(controller, command string) string {
	l.t.Helper()
	return l.run("ssh", number(controller), command)
}

// sql queries a controller's own server.
func (l lab) sql(controller, statement string) string {
	l.t.Helper()
	return l.run("sql", number(controller), statement)
}

// serving returns the truth: the server that answers a client through the VIP.
func (l lab) serving() string {
	l.t.Helper()
	name := ""
	l.until("a client gets through the VIP", time.Minute, func() bool {
		out, err := l.try("sql", "vip", "SELECT @@hostname")
		name = strings.TrimSpace(out)
		return err == nil && name != ""
	})
	return name
}

// standbys returns the controllers that do not serve, in order.
func (l lab) standbys(controllers int) []string {
	l.t.Helper()
	serving := l.serving()
	return slices.DeleteFunc(names(controllers), func(n string) bool { return n == serving })
}

// holder returns the controller whose interface has the VIP.
func (l lab) holder(controllers int) string {
	l.t.Helper()
	for _, n := range names(controllers) {
		if out, err := l.try("ssh", number(n), "ip -o -4 addr show to "+vip+"/32"); err == nil && out != "" {
			return n
		}
	}
	l.t.Fatal("nobody holds the VIP")
	return ""
}

// until waits for a condition, with a deadline.
func (l lab) until(what string, within time.Duration, cond func() bool) {
	l.t.Helper()
	deadline := time.Now().Add(within)
	for !cond() {
		if time.Now().After(deadline) {
			l.t.Fatalf("after %s still not: %s\n%s", within, what, l.run("status"))
		}
		time.Sleep(300 * time.Millisecond)
	}
}

func names(controllers int) []string {
	all := make([]string, controllers)
	for i := range all {
		all[i] = fmt.Sprintf("controller-%d", i)
	}
	return all
}

func number(controller string) string { return strings.TrimPrefix(controller, "controller-") }

// play runs a playbook on the lab as its users do. Extra inventories come after the lab's own and override it.
func (l lab) play(playbook string, vars map[string]any, args ...string) (string, error) {
	l.t.Helper()
	if len(vars) > 0 {
		extra, err := json.Marshal(vars)
		if err != nil {
			l.t.Fatal(err)
		}
		args = append([]string{"-e", string(extra)}, args...)
	}
	args = append([]string{"-i", l.run("inventory"), filepath.Join(root, playbook)}, args...)
	return l.ansible(filepath.Join(root, "build/collections"), "ansible-playbook", args...)
}

// ansible runs one of Ansible's commands with the collections of a folder.
func (l lab) ansible(collections, command string, args ...string) (string, error) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Env = append(os.Environ(), "ANSIBLE_NOCOLOR=1", "ANSIBLE_RETRY_FILES_ENABLED=0", "ANSIBLE_LOCALHOST_WARNING=0",
		"ANSIBLE_COLLECTIONS_PATH="+absolute(l.t, collections))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func absolute(t testing.TB, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// decision is the part of idle_controller's result that the tests read.
type decision struct {
	Chosen   string   `json:"chosen"`
	Active   []string `json:"active"`
	Text     string   `json:"text"`
	Message  string   `json:"message"`
	Clusters []struct {
		Controllers []struct {
			Name     string `json:"name"`
			Activity string `json:"activity"`
			Verdict  string `json:"verdict"`
			Reasons  []struct {
				Code    string `json:"code"`
				Message string `json:"message"`
			} `json:"reasons"`
		} `json:"controllers"`
	} `json:"clusters"`
}

// reasons returns the codes of one controller.
func (d decision) reasons(controller string) []string {
	codes := []string{}
	for _, c := range d.Clusters {
		for _, k := range c.Controllers {
			if k.Name == controller {
				for _, r := range k.Reasons {
					codes = append(codes, r.Code)
				}
			}
		}
	}
	return codes
}

// decide reads all the controllers and decides, like the role.
func (l lab) decide(vars map[string]any, args ...string) decision {
	l.t.Helper()
	file := filepath.Join(l.t.TempDir(), "decision.json")
	all := map[string]any{"decision_file": file}
	for k, v := range vars {
		all[k] = v
	}
	out, _ := l.play("tests/integration/decide.yml", all, args...) // the exit status also counts hosts that are away
	raw, err := os.ReadFile(file)
	if err != nil {
		l.t.Fatalf("no decision was made:\n%s", out)
	}
	var d decision
	if err := json.Unmarshal(raw, &d); err != nil {
		l.t.Fatal(err)
	}
	d.rename()
	return d
}

// rename calls the controllers as the lab does.
func (d *decision) rename() {
	d.Chosen = strings.TrimPrefix(d.Chosen, inventoryPrefix)
	for i := range d.Active {
		d.Active[i] = strings.TrimPrefix(d.Active[i], inventoryPrefix)
	}
	for _, c := range d.Clusters {
		for i := range c.Controllers {
			c.Controllers[i].Name = strings.TrimPrefix(c.Controllers[i].Name, inventoryPrefix)
		}
	}
}

// hold keeps one client session open on a controller's own address until the test ends, past HAProxy.
func hold(t *testing.T, controller string) {
	t.Helper()
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = "openstack", "lab-openstack", "tcp", address(controller)+":3306"
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func address(controller string) string { return subnet + ".1" + number(controller) }
