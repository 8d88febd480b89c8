// SPDX-License-Identifier: GPL-3.0-or-later

package pacemakertest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Nodes are the controllers of a Galera cluster; this host is the first.
var Nodes = []string{"controller-0", "controller-1", "controller-2"}

// Galera is a stand-in for Pacemaker in a cluster whose database it runs: what crm_resource is called for changes what
// crm_mon and cibadmin say from then on. Its state is files:
//
//	node.NAME   Promoted, Stopped or Failed; Failed is blocked until somebody cleans up
//	role        the target-role of the resource, if it has one
//	ban.NAME    the resource is banned from there
//	offline.NAME  the node is not in the cluster now
//	stuck       instances that are to stop go on
//	sick.NAME   how many starts fail there
//	noquorum    the cluster has no quorum
//	refuses     crm_resource fails
//	config      nvpairs and property sets in crm_config
//	resources   other resources in the CIB
//	pushed      what cibadmin was given to replace the configuration
//	mounted     instances of the bundle's containers in crm_mon
type Galera struct {
	t   testing.TB
	Dir string
}

const galeraPrelude = `#!/bin/bash
PATH=/usr/bin:/bin
cd 'FOLDER' || exit 99
`

const galeraResource = `echo "$*" >>calls
[ ! -e refuses ] || { echo 'Error performing operation: Timer expired' >&2; exit 124; }
all="$*"
node=${all##*--node }
start() {
  for f in node.*; do
    n=${f#node.}
    if [ -e "ban.$n" ] || [ "$(cat "$f")" != Stopped ]; then continue; fi
    left=$(cat "sick.$n" 2>/dev/null || echo 0)
    if [ "$left" -gt 0 ]; then echo $((left - 1)) >"sick.$n"; echo Failed >"$f"; else echo Promoted >"$f"; fi
  done
}
stop() { [ -e stuck ] || echo Stopped >"node.$1"; }
case "$*" in
*--set-parameter*'--parameter-value Stopped') echo Stopped >role; for f in node.*; do stop "${f#node.}"; done ;;
*--set-parameter*) echo "${all##* }" >role; start ;;
*--delete-parameter*) rm -f role; start ;;
*--ban*) : >"ban.$node"; stop "$node" ;;
*--clear*) rm -f "ban.$node"; [ "$(cat role 2>/dev/null)" = Stopped ] || start ;;
*--cleanup*)
  for f in node.*; do
    case "$*" in *--node*) [ "$f" = "node.$node" ] || continue ;; esac
    [ "$(cat "$f")" = Failed ] || continue
    echo Stopped >"$f"
    if [ "$(cat role 2>/dev/null)" = Stopped ] || [ -e "ban.${f#node.}" ]; then continue; fi
    left=$(cat "sick.${f#node.}" 2>/dev/null || echo 0)
    if [ "$left" -gt 0 ]; then echo $((left - 1)) >"sick.${f#node.}"; echo Failed >"$f"; else echo Promoted >"$f"; fi
  done ;;
esac
`

const galeraStatus = `quorum=true; [ ! -e noquorum ] || quorum=false
echo "<pacemaker-result><summary><stack type='corosync'/><current_dc present='true' name='controller-0' with_quorum='$quorum'/>
<cluster_options maintenance-mode='false'/></summary><nodes>"
id=0; resources=; failures=; bans=
for f in node.*; do
  n=${f#node.} id=$((id + 1)) state=$(cat "$f")
  online=true; [ ! -e "offline.$n" ] || online=false
  echo "<node name='$n' id='$id' online='$online' standby='false' maintenance='false' pending='false' unclean='false'
    shutdown='false' is_dc='false' type='member'/>"
  [ ! -e "ban.$n" ] || bans="$bans<ban id='cli-ban-galera-master-on-$n' resource='galera-master' node='$n'
    weight='-1000000' promoted-only='false'/>"
  failed=false
  [ "$state" != Failed ] || { failed=true state=Unpromoted; failures="$failures<failure op_key='galera_promote_0' node='$n'
    exitstatus='error' exitreason='no joy' exitcode='1' task='promote'/>"; }
  [ "$state" != Stopped ] || continue
  resources="$resources<resource id='galera' resource_agent='ocf:heartbeat:galera' role='$state' active='true'
    orphaned='false' blocked='$failed' managed='true' failed='$failed'><node name='$n' id='$id'/></resource>"
done
echo "</nodes><resources><clone id='galera-master' managed='true'>$resources</clone>$(cat mounted 2>/dev/null)</resources>"
echo "<failures>$failures</failures><bans>$bans</bans><status code='0' message='OK'/></pacemaker-result>"
`

const galeraCIB = `[ "$1" = --query ] || { echo "$*" >>calls; cat >pushed; exit 0; }
role=; [ ! -e role ] || role="<nvpair id='r' name='target-role' value='$(cat role)'/>"
echo "<configuration><crm_config>$(cat config 2>/dev/null)</crm_config><nodes>"
id=0; bans=
for f in node.*; do
  n=${f#node.} id=$((id + 1)); echo "<node id='$id' uname='$n'/>"
  [ ! -e "ban.$n" ] || bans="$bans<rsc_location id='cli-ban-galera-master-on-$n' rsc='galera-master' node='$n'
    score='-INFINITY'/>"
done
echo "</nodes><resources><clone id='galera-master'><meta_attributes id='m'>
<nvpair id='m-p' name='promotable' value='true'/><nvpair id='m-x' name='promoted-max' value='3'/>$role</meta_attributes>
<primitive id='galera' class='ocf' provider='heartbeat' type='galera'><instance_attributes id='i'>
<nvpair id='i-c' name='config' value='$PWD/my.cnf'/><nvpair id='i-d' name='datadir' value='$(cat datadir 2>/dev/null)'/>
<nvpair id='i-w' name='wsrep_cluster_address' value='gcomm://controller-0,controller-1,controller-2'/>
</instance_attributes><operations><op id='o' name='promote' interval='0s' timeout='300s' on-fail='block'/></operations>
</primitive></clone>$(cat resources 2>/dev/null)</resources><constraints>$bans</constraints></configuration>"
`

// NewGalera puts a cluster on PATH, before the system's folders, in which the database is promoted everywhere.
func NewGalera(t testing.TB) *Galera {
	t.Helper()
	g := &Galera{t: t, Dir: t.TempDir()}
	for name, body := range map[string]string{
		"crm_resource": galeraResource, "crm_mon": galeraStatus, "cibadmin": galeraCIB,
		"crm_node":            "echo controller-0\n",
		"corosync-quorumtool": "printf 'Quorate:          Yes\\nNodes:            3\\n'\n",
	} {
		script := strings.ReplaceAll(galeraPrelude, "FOLDER", g.Dir) + body
		if err := os.WriteFile(filepath.Join(g.Dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range Nodes {
		g.Put("node."+node, "Promoted")
	}
	t.Setenv("PATH", g.Dir+":/usr/sbin:/usr/bin:/sbin:/bin")
	return g
}

// Put writes a file of its state.
func (g *Galera) Put(name, content string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.Dir, name), []byte(content+"\n"), 0o644); err != nil {
		g.t.Fatal(err)
	}
}

// Drop removes a file of its state.
func (g *Galera) Drop(name string) { _ = os.Remove(filepath.Join(g.Dir, name)) }

// Has returns a file of its state without the line's end; "" if it does not exist.
func (g *Galera) Has(name string) string {
	g.t.Helper()
	content, err := os.ReadFile(filepath.Join(g.Dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.t.Fatal(err)
	}
	return strings.TrimSuffix(string(content), "\n")
}

// States returns the state of each node, in their order.
func (g *Galera) States() string {
	var states []string
	for _, node := range Nodes {
		states = append(states, g.Has("node."+node))
	}
	return strings.Join(states, " ")
}

// Calls returns the command lines that changed something since the last call, one a line.
func (g *Galera) Calls() string {
	g.t.Helper()
	calls := g.Has("calls")
	g.Drop("calls")
	return calls
}
