// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/tests/node"
)

// server is a real one-node Galera cluster on a unix socket.
type server struct{ *node.Server }

func TestMain(m *testing.M) {
	if asked, err := apartFrom(os.Getenv(apartEnv)); asked {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	node.Main(m)
}

// shared returns the server of all tests that do not break it.
func shared(t *testing.T) *server {
	t.Helper()
	return &server{node.Shared(t)}
}

func startServer() (*server, error) {
	s, err := node.Start()
	return &server{s}, err
}

// options returns those of a plain backup into a new folder.
func (s *server) options(t *testing.T) Options {
	t.Helper()
	return Options{
		Destination: node.Destination(t), Method: tool.Physical, Level: 1, Buffer: 64 << 20, MadeBy: "test",
		Login:        s.Login(),
		DrainTimeout: 10 * time.Second, Scrub: func(text string) string { return text },
	}
}

// job returns a prepared backup.
func (s *server) job(t *testing.T, change func(*Options)) *Job {
	t.Helper()
	o := s.options(t)
	if change != nil {
		change(&o)
	}
	j, err := Prepare(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}
