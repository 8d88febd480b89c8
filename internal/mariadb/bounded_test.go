// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"errors"
	"net"
	"testing"
	"time"
)

func TestARowThatDoesNotEndIsNotRead(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		for piece := make([]byte, 1<<20); ; {
			if _, err := theirs.Write(piece); err != nil {
				return
			}
		}
	}()
	b := &boundedConn{Conn: ours}
	buffer := make([]byte, 1<<20)
	read := func(limit int) (sum int, err error) {
		for sum < limit && err == nil {
			var n int
			n, err = b.Read(buffer)
			sum += n
		}
		return sum, err
	}
	for range 4 {
		if _, err := read(maxRow / 2); err != nil {
			t.Fatal(err)
		}
		b.more()
	}
	if n, err := read(4 * maxRow); !errors.Is(err, ErrTooLong) || n > maxRow+len(buffer) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestAnAnswerWithoutAnEndIsRefused(t *testing.T) {
	s := server(t)
	for name, query := range map[string]string{
		"rows":  "SELECT seq FROM mysql.seq_1_to_100000000",
		"bytes": "SELECT REPEAT('x', 4000000) FROM mysql.seq_1_to_100000000",
	} {
		c := s.root(t)
		began := time.Now()
		if rows, err := c.Rows(t.Context(), query); !errors.Is(err, ErrTooLong) || rows != nil {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s: %s", name, took)
		}
	}
	n := 0
	if err := s.root(t).Each(t.Context(), "SELECT seq, REPEAT('x', 100) FROM mysql.seq_1_to_1500000",
		func([]*string) error { n++; return nil }); err != nil || n != 1_500_000 {
		t.Errorf("what passes by is not kept: %d, %v", n, err)
	}
}
