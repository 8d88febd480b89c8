// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"encoding/binary"
	"fmt"
	"net"
	"syscall"
	"time"
)

// Wire is a bad link between a machine and the bridge. Frames pass through this program, which delays them, or drops
// those of one direction: not every kernel has netem.
type Wire struct {
	Delay   time.Duration
	DropOut bool // from the machine
	cut     chan struct{}
}

const (
	packetVNETHeader = 15 // PACKET_VNET_HDR: frames with their offloading
	packetIgnoreOut  = 23 // PACKET_IGNORE_OUTGOING
	frame            = 1<<16 + 64
)

// Lay inserts the wire, and returns a function that removes it.
func (w Wire) Lay(m Machine) (func() error, error) {
	plug := fmt.Sprintf("vb-%s-%d", m.Lab.bridge, m.Number)
	inside, outside := "fault-in", "fault-out"
	script := fmt.Sprintf(`set -e; ip link del %[3]s 2>/dev/null || true
		ip link add %[3]s type veth peer name %[4]s; ip link set %[3]s up promisc on
		ip link set %[4]s up; ip link set %[1]s promisc on
		ip link set %[1]s nomaster; ip link set %[4]s master %[2]s`, plug, m.Lab.bridge, inside, outside)
	if _, err := Command(UsualLimit, "bash", "-c", script); err != nil {
		return nil, err
	}
	near, err := raw(plug)
	if err != nil {
		return nil, err
	}
	far, err := raw(inside)
	if err != nil {
		return nil, err
	}
	w.cut = make(chan struct{})
	if !w.DropOut {
		go w.carry(near, far)
	}
	go w.carry(far, near)
	return func() error {
		_, err := Command(UsualLimit, "bash", "-c", fmt.Sprintf("ip link set %s promisc off master %s; ip link del %s",
			plug, m.Lab.bridge, inside))
		close(w.cut)
		return err
	}, nil
}

func raw(name string) (int, error) {
	link, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	protocol := binary.NativeEndian.Uint16([]byte{0, syscall.ETH_P_ALL})
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, int(protocol))
	if err != nil {
		return 0, fmt.Errorf("packet socket: %w", err)
	}
	for _, option := range []int{packetVNETHeader, packetIgnoreOut} {
		if err := syscall.SetsockoptInt(fd, syscall.SOL_PACKET, option, 1); err != nil {
			return 0, fmt.Errorf("packet socket option %d: %w", option, err)
		}
	}
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO,
		&syscall.Timeval{Usec: 200_000}); err != nil {
		return 0, err
	}
	return fd, syscall.Bind(fd, &syscall.SockaddrLinklayer{Protocol: protocol, Ifindex: link.Index})
}

// carry copies frames from one end to the other until the wire is cut.
func (w Wire) carry(from, to int) {
	type late struct {
		due  time.Time
		data []byte
	}
	queue := make(chan late, 1<<14)
	defer close(queue)
	defer syscall.Close(from)
	go func() {
		for f := range queue {
			time.Sleep(time.Until(f.due))
			_, _ = syscall.Write(to, f.data) // a network may lose frames
		}
	}()
	buffer := make([]byte, frame)
	for {
		n, err := syscall.Read(from, buffer)
		if err == nil {
			queue <- late{time.Now().Add(w.Delay), append([]byte(nil), buffer[:n]...)}
		}
		select {
		case <-w.cut:
			return
		default:
		}
	}
}
