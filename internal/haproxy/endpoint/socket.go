// SPDX-License-Identifier: GPL-3.0-or-later

package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/haproxy/locate"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/peer"
)

// Answers that are refusals.
var (
	errDenied  = errors.New("permission denied by HAProxy")
	ErrUnknown = errors.New("HAProxy does not know this command")
	ErrNoTable = errors.New("there is no such table")
)

// Socket is a stats socket. Every command has a connection of its own, because HAProxy closes it after the answer.
type Socket struct {
	Path string      // as facts and errors show it
	At   string      // the path to connect to
	May  peer.Owners // who may answer
}

// Ask sends one command and returns its answer without the empty line that ends it. It is for commands that read. The
// context's deadline applies to all of it, however slowly the answer comes.
func (s Socket) Ask(ctx context.Context, command string) ([]byte, error) {
	b, err := s.exchange(ctx, command+"\n")
	if err == nil {
		b, err = judge(b)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	return b, nil
}

// AskFor is Ask about a name from an answer or a configuration. A command ends at a semicolon or a line feed, and what
// follows would be the next one: HAProxy's own names contain neither.
func (s Socket) AskFor(ctx context.Context, command, name string) ([]byte, error) {
	if !plainName.MatchString(name) {
		return nil, fmt.Errorf("%s: %q is not a name of HAProxy's", command, excerpt.Of(name))
	}
	return s.Ask(ctx, command+" "+name)
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_.:/-]+$`)

func (s Socket) exchange(ctx context.Context, text string) ([]byte, error) {
	if err := checkSocket(s.At); err != nil {
		return nil, err
	}
	conn, _, err := peer.DialUnix(ctx, s.At, s.May)
	var stranger *peer.StrangerError
	if errors.As(err, &stranger) {
		stranger.Where = "the socket" // its path is named by the caller
	}
	if err != nil {
		return nil, reason(ctx, err, 0)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write([]byte(text)); err != nil {
		return nil, reason(ctx, err, 0)
	}
	b, err := readAll(conn)
	return b, reason(ctx, err, len(b))
}

// checkSocket refuses anything but a socket before anything is sent to it. A link to a socket is accepted.
func checkSocket(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return locate.WithoutPath(err)
	}
	if info.Mode().IsRegular() {
		return errors.New("it is a regular file, not a socket")
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("it is not a socket (%s)", info.Mode().Type())
	}
	return nil
}

// judge distinguishes an answer from a refusal and from one that was cut off: HAProxy ends each with an empty line.
func judge(b []byte) ([]byte, error) {
	switch text := strings.TrimSpace(string(b[:min(len(b), 64)])); {
	case strings.HasPrefix(text, "Permission denied"):
		return nil, errDenied
	case strings.HasPrefix(text, "Unknown command"):
		return nil, ErrUnknown
	case text == "No such table":
		return nil, ErrNoTable
	case len(b) == 0:
		return nil, errors.New("the connection was closed without an answer")
	case string(b) == "\n":
		return nil, nil
	}
	if !bytes.HasSuffix(b, []byte("\n\n")) {
		return nil, fmt.Errorf("the answer was cut off after %d bytes, or this is not HAProxy's stats socket", len(b))
	}
	return b[:len(b)-1], nil
}

// Stat returns the statistics of all proxies.
func (s Socket) Stat(ctx context.Context) ([]stats.Proxy, error) {
	b, err := s.Ask(ctx, "show stat")
	if err != nil {
		return nil, err
	}
	return stats.ParseStat(b)
}

// States returns the servers' addresses and states. HAProxy 1.5 does not know the command: then there are none.
func (s Socket) States(ctx context.Context) ([]stats.ServerState, error) {
	b, err := s.Ask(ctx, "show servers state")
	if errors.Is(err, ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return stats.ParseServersState(b)
}
