// SPDX-License-Identifier: GPL-3.0-or-later

package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
)

func recorded(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "\n") // the first line names its source
	return text
}

func TestListenersOfRecordedTables(t *testing.T) {
	mapped := header + "   0: 0000000000000000FFFF00000100007F:11D7 0:0 0A 0:0 00:0 0 54321 0 38513 1\n"
	tables := []string{recorded(t, "tcp.txt"), recorded(t, "tcp6.txt"), mapped}
	for address, want := range map[string]string{
		"127.0.0.1:3306":  "[27]",
		"172.16.2.5:3306": "[]",
		"127.0.0.1:1993":  "[54321]",    // of 0.0.0.0
		"172.16.2.5:9200": "[0]",        // of ::
		"127.0.0.1:4567":  "[27 54321]", // also of ::ffff:127.0.0.1
		"[::1]:3306":      "[54321]",    // beside the one for IPv4
		"[::1]:4567":      "[]",
		"[::1]:9200":      "[0]",
		"127.0.0.1:2022":  "[0]", // and :: of another user, with IPV6_V6ONLY
		"[fd00::5]:2022":  "[54321]",
		"127.0.0.1:33512": "[]", // a connection, not a listener
	} {
		at := netip.MustParseAddrPort(address)
		var all []Listener
		for _, table := range tables {
			found, err := parseTable(strings.NewReader(table), at.Port())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, found...)
		}
		uids := []uint32{}
		for _, l := range reached(all, at.Addr()) {
			uids = append(uids, l.UID)
		}
		if got := fmt.Sprint(uids); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// Before 4.4 the kernel lists connections in handshake among the listeners.
func TestListenersAmongConnectionsThatAreBeingMade(t *testing.T) {
	text := header +
		`   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000    27        0 38513 1 0 100 0 0 10 0
   1: 0100007F:0CEA 0100007F:A2C4 03 00000000:00000000 01:00000063 00000000     0        0 0 2 0
   2: 00000000:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000 54321        0 38514 1 0 100 0 0 10 0
`
	found, err := parseTable(strings.NewReader(text), 3306)
	if err != nil || len(found) != 2 || found[1].UID != 54321 || found[1].Inode != 38514 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestMalformedTablesAreErrors(t *testing.T) {
	defer func(was int) { maxLines = was }(maxLines)
	maxLines = 1000
	for text, want := range map[string]string{
		"":                           "empty table",
		"local_address st uid inode": "line 1",
		header + "   0: 0100007F:0CEA 00000000:0000 0A":                      "line 2: 4 columns",
		header + "   0: 0100007F:0CEA 00000000:0000 0A 0:0 00:0 0 -1 0 7\n":  `uid "-1"`,
		header + "   0: 0100007F:0CEA 00000000:0000 0A 0:0 00:0 0 0 0 x\n":   `inode "x"`,
		header + "   0: 0100007F:0CEA 00000000:0000 GG 0:0 00:0 0 0 0 7\n":   `state "GG"`,
		header + "   0: 0100007:0CEA 00000000:0000 0A 0:0 00:0 0 0 0 7\n":    "no address",
		header + "   0: 0100007F0A:0CEA 00000000:0000 0A 0:0 00:0 0 0 0 7\n": "no address",
		header + "   0: 0100007F:CEA 00000000:0000 0A 0:0 00:0 0 0 0 7\n":    "no port",
		header + "   0: 0100007F 00000000:0000 0A 0:0 00:0 0 0 0 7\n":        "no port",
		header + "\n":                      "0 columns",
		header + strings.Repeat("x", 5000): "line 2: bufio.Scanner: token too long",
		header + strings.Repeat("   0: 0100007F:0CEA 00000000:0000 03 0:0 00:0 0 0 0 7\n", maxLines+2): "lines",
	} {
		if _, err := parseTable(strings.NewReader(text), 3306); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.200q: %v", text, err)
		}
	}
}

func TestTheAddressOfAnotherHostIsRemote(t *testing.T) {
	if _, err := Listeners(netip.MustParseAddrPort("192.0.2.77:3306")); !errors.Is(err, ErrRemote) {
		t.Error(err)
	}
	if _, err := Listeners(netip.MustParseAddrPort("127.0.0.1:1")); err != nil {
		t.Error(err)
	}
}

func TestASocketWithoutAnOwnerIsNotTrusted(t *testing.T) {
	at := netip.MustParseAddrPort("127.0.0.1:3306")
	if err := vouch(at, []Listener{{at, 0, 0}}, Trust()); err == nil ||
		!strings.Contains(err.Error(), "does not report") {
		t.Error(err)
	}
}

func FuzzParseTable(f *testing.F) {
	f.Add(header + "   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000    27        0 38513" +
		" 1\n")
	f.Add(header + "   0: 00000000000000000000000001000000:0CEA 0:0 0A 0:0 00:0 0 27 0 38513 1\n")
	f.Add(header + "   0: 0100007F:0CEA 00000000:0000 01 0:0 00:0 0 0 0 7\n")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := parseTable(strings.NewReader(text), 3306)
		if err != nil {
			if len(err.Error()) > 500 {
				t.Errorf("an error of %d characters", len(err.Error()))
			}
			return
		}
		for _, l := range found {
			if !l.Address.IsValid() {
				t.Errorf("%+v", l)
			}
		}
	})
}
