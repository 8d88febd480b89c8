// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"overcloud.backup/internal/mariadb"
)

// ParseServer types the part of SHOW GLOBAL VARIABLES and SHOW GLOBAL STATUS (names in lower case) about the server
// itself.
func ParseServer(status, variables map[string]string) (Server, error) {
	v := values{from: variables, what: "variable"}
	s := values{from: status, what: "status"}
	server := Server{
		Hostname: v.text("hostname"),
		UID:      variables["server_uid"],
		Version:  v.text("version"),
		Port:     int(v.number("port")),
		Socket:   v.text("socket"),
		Datadir:  v.text("datadir"),
		Uptime:   s.number("uptime"),
		LogBin:   v.flag("log_bin"),
		ServerID: v.number("server_id"),
		ReadOnly: v.readOnly(),
	}
	// MySQL has no GTID position of this form, and MariaDB before 10.1 no domain: absent is not an error.
	server.GTIDBinlog = variables["gtid_binlog_pos"]
	if domain, found := variables["wsrep_gtid_domain_id"]; found {
		n, err := strconv.ParseInt(domain, 10, 64)
		if err != nil {
			v.bad("wsrep_gtid_domain_id", domain, "a number")
		}
		server.GTIDDomain = n
	}
	if err := errors.Join(append(v.errs, s.errs...)...); err != nil {
		return server, fmt.Errorf("read the server's variables: %w", err)
	}
	return server, nil
}

// readOnly reads read_only, which since MariaDB 12 has more than two values; all except OFF forbid writes to some
// users.
func (v *values) readOnly() bool {
	value, found := v.get("read_only")
	if on, known := mariadb.OnOff(value); known {
		return on
	}
	return found
}

// ReadServer identifies the server.
func ReadServer(ctx context.Context, c *mariadb.Client) (Server, error) {
	status, err := c.Pairs(ctx, statusQuery)
	if err != nil {
		return Server{}, fmt.Errorf("read the server's status: %w", err)
	}
	variables, err := c.Pairs(ctx, variablesQuery)
	if err != nil {
		return Server{}, fmt.Errorf("read the server's variables: %w", err)
	}
	server, err := ParseServer(status, variables)
	server.PID = c.PeerPID()
	return server, err
}
