// SPDX-License-Identifier: GPL-3.0-or-later

package reading

import (
	"net"
	"os"
	"strings"
	"time"
)

// Clock tells the time on the caller's clock: the caller's time at the start plus the time that has passed here since.
// Readings of controllers whose clocks are wrong by an hour can still be compared.
type Clock struct {
	started time.Time
	caller  float64
}

// StartClock starts a clock. caller is the caller's time in seconds since the epoch when it made the call, or 0.
func StartClock(caller float64) Clock {
	return Clock{started: time.Now(), caller: caller}
}

// Now returns seconds since the epoch on the caller's clock, else on the host's.
func (c Clock) Now() float64 {
	if c.caller == 0 {
		return float64(time.Now().UnixMilli()) / 1000
	}
	return c.caller + time.Since(c.started).Seconds()
}

// Close fills in the fields of a header for the time and the host of a reading.
func (c Clock) Close(h *Header) {
	h.GatheredAt = c.Now()
	h.Duration = time.Since(c.started).Seconds()
	if c.caller != 0 {
		h.ClockSkew = float64(c.started.UnixMilli())/1000 - c.caller
	}
	h.Host = LocalHost()
	if h.Errors == nil {
		h.Errors = []Error{}
	}
}

// LocalHost describes this machine. Values that cannot be read stay empty.
func LocalHost() Host {
	h := Host{Addresses: []string{}}
	h.Name, _ = os.Hostname()
	h.BootID = firstLine("/proc/sys/kernel/random/boot_id")
	h.MachineID = firstLine("/etc/machine-id")
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			h.Addresses = append(h.Addresses, n.IP.String())
		}
	}
	return h
}

func firstLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(line)
}
