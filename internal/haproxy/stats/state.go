// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/quantity"
)

// ServerState is one line of "show servers state".
type ServerState struct {
	Backend string
	Name    string
	ID      int
	// Address is the server's IP address, empty if it is not resolved.
	Address string
	Port    int // 0 if the version does not report it (before 1.8), or it depends on the client's
	Oper    int // srv_op_state: 0 stopped, 1 starting, 2 running, 3 stopping
	Admin   int // srv_admin_state: bits, 0 if nobody has changed it
}

// ParseServersState reads "show servers state", version 1, which HAProxy has since 1.6:
//
//	1
//	# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state ... srv_port ...
//	3 mysql 1 controller-0.internalapi.localdomain 10.0.0.10 2 0 1 1 5 15 3 4 6 0 0 0 - 3306 ...
//
// Columns are found by the header's names.
func ParseServersState(b []byte) ([]ServerState, error) {
	if err := bounded(b, maxRows); err != nil {
		return nil, fmt.Errorf("show servers state: %w", err)
	}
	states, err := parseStates(strings.Split(strings.TrimRight(string(b), "\n"), "\n"))
	if err != nil {
		return nil, fmt.Errorf("show servers state: %w", err)
	}
	return states, nil
}

func parseStates(lines []string) ([]ServerState, error) {
	if lines[0] != "1" {
		return nil, fmt.Errorf("format version %q is not known, only 1 is", excerpt.Of(lines[0]))
	}
	if len(lines) < 2 || !strings.HasPrefix(lines[1], "# ") {
		return nil, errors.New("there is no header line")
	}
	names := strings.Fields(lines[1][2:])
	states := make([]ServerState, 0, len(lines)-2)
	for i, line := range lines[2:] {
		cells := strings.Fields(line)
		if len(cells) < len(names) {
			return nil, fmt.Errorf("line %d has %s, the header %d", i+3, quantity.Count(int64(len(cells)), "column"),
				len(names))
		}
		values := make(map[string]string, len(names))
		for n, name := range names {
			values[name] = cells[n]
		}
		s, err := parseState(values)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+3, err)
		}
		states = append(states, s)
	}
	return states, nil
}

func parseState(values map[string]string) (ServerState, error) {
	s := ServerState{Backend: strings.Clone(values["be_name"]), Name: strings.Clone(values["srv_name"])}
	if s.Backend == "" || s.Name == "" {
		return s, errors.New("the header lacks be_name or srv_name")
	}
	if err := cmp.Or(plainText(s.Backend), plainText(s.Name)); err != nil {
		return s, err
	}
	if ip, err := netip.ParseAddr(values["srv_addr"]); err == nil {
		s.Address = ip.String()
	}
	n := numbers{values: values}
	s.ID = int(n.get("srv_id", -1))
	s.Oper = int(n.get("srv_op_state", -1))
	s.Admin = int(n.get("srv_admin_state", -1))
	if port, err := strconv.ParseUint(values["srv_port"], 10, 16); err == nil {
		s.Port = int(port)
	}
	return s, n.err
}

// ApplyStates adds addresses and states to the servers.
func ApplyStates(proxies []Proxy, states []ServerState) {
	at := make(map[string]ServerState, len(states))
	for _, s := range states {
		at[serverKey(s.Backend, s.Name, s.ID)] = s
	}
	for i := range proxies {
		for j := range proxies[i].Servers {
			s := &proxies[i].Servers[j]
			state, ok := at[serverKey(proxies[i].Name, s.Name, s.ID)]
			if !ok {
				continue
			}
			s.OperState, s.AdminState = state.Oper, state.Admin
			if state.Address != "" {
				s.Address, s.Port = state.Address, state.Port
			}
		}
	}
}

func serverKey(backend, name string, id int) string {
	return backend + "/" + name + "#" + strconv.Itoa(id)
}
