// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Ask runs one statement as root through the server's socket, and returns the first column of its first row.
func (m Machine) Ask(statement string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	db, err := m.server()
	if err != nil {
		return "", err
	}
	defer db.Close()
	var value sql.NullString
	if err := db.QueryRowContext(ctx, statement).Scan(&value); err != nil {
		return "", fmt.Errorf("%s: %s: %w", m.Name(), statement, err)
	}
	return value.String, nil
}

// Tell runs one statement without a result.
func (m Machine) Tell(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	db, err := m.server()
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}

func (m Machine) server() (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.Timeout = "root", "unix", m.Path("/run/mysqld/mysqld.sock"), 2*time.Second
	if m.Lab.Bundle() {
		cfg.Addr, cfg.Passwd = m.Path("/var/lib/mysql/mysql.sock"), "lab-database-root"
	}
	cfg.Logger = quiet{}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

type quiet struct{}

func (quiet) Print(...any) {}

// Status returns a status variable, "" if the server does not answer.
func (m Machine) Status(name string) string {
	v, _ := m.Ask("SELECT variable_value FROM information_schema.global_status WHERE variable_name = '" + name + "'")
	return v
}

// Desynced reports whether wsrep_desync is ON.
func (m Machine) Desynced() bool {
	v, err := m.Ask("SELECT @@wsrep_desync")
	return err == nil && v == "1"
}

// Synced reports whether the machine is Synced in a cluster of three.
func (m Machine) Synced() bool {
	return m.Status("wsrep_local_state_comment") == "Synced" && m.Status("wsrep_cluster_size") == "3"
}

// Healthy reports whether HAProxy's health check would get status 200.
func (m Machine) Healthy() bool {
	out, err := m.Do("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | socat -t5 - TCP:$(hostname).internalapi.localdomain:9200" +
		" | head -n 1")
	return err == nil && strings.Contains(out, "200")
}

// Proxied returns the statuses of the database's servers in this machine's HAProxy, by controller; nil if it does not
// answer.
func (m Machine) Proxied() map[string]string {
	conn, err := net.DialTimeout("unix", m.Path("/var/lib/haproxy/stats"), time.Second)
	if err != nil {
		return nil
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := conn.Write([]byte("show stat\n")); err != nil {
		return nil
	}
	answer := make([]byte, 1<<16)
	size := 0
	for size < len(answer) {
		n, err := conn.Read(answer[size:])
		size += n
		if err != nil {
			break
		}
	}
	states := map[string]string{}
	for line := range strings.Lines(string(answer[:size])) {
		f := strings.Split(line, ",")
		if name, _, ok := strings.Cut(at(f, 1), "."); ok && f[0] == "mysql" {
			states[name] = at(f, 17)
		}
	}
	return states
}

func at(f []string, i int) string {
	if i < len(f) {
		return f[i]
	}
	return ""
}
