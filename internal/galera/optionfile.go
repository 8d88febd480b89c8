// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"bytes"
	"cmp"
	"fmt"
	"net"

	"overcloud.backup/internal/optionfile"
)

// checksName says that our own connection checks, if it is over TCP, whose certificate the server shows.
func (c *Client) checksName() bool {
	return (c.login.CACert != "" || c.login.ClientCert != "") && !c.login.SkipHostname
}

// OptionFile is the text of an option file, with a [client] group, that lets the server's own programs
// (mariadb-backup, mariadb-dump, mariadb) log in as this client did, at the same place. It holds the password: write
// it to a 0600 file and pass it with --defaults-file, never as an argument. socket, unless it is empty, is the path of the
// server's socket where the programs run, for in a container it may be another.
func (c *Client) OptionFile(socket string) ([]byte, error) {
	options := [][2]string{{"user", c.cred.user}, {"password", c.cred.password}}
	if c.reached.Via == "socket" {
		options = append(options, [2]string{"socket", cmp.Or(socket, c.socket, c.reached.Address)})
	} else {
		host, port, err := net.SplitHostPort(c.reached.Address)
		if err != nil {
			return nil, fmt.Errorf("write an option file: %w", err)
		}
		options = append(options, [2]string{"host", host}, [2]string{"port", port}, [2]string{"protocol", "tcp"},
			[2]string{"ssl-ca", c.login.CACert}, [2]string{"ssl-cert", c.login.ClientCert}, [2]string{"ssl-key", c.login.ClientKey})
	}
	if c.reached.Via == "tcp" && c.checksName() {
		options = append(options, [2]string{"ssl-verify-server-cert", "ON"})
	}
	var b bytes.Buffer
	b.WriteString("[client]\n")
	for _, option := range options {
		if option[1] == "" {
			continue
		}
		quoted, err := optionfile.Quote(option[1])
		if err != nil {
			return nil, fmt.Errorf("write %s into an option file: %w", option[0], err)
		}
		fmt.Fprintf(&b, "%s=%s\n", option[0], quoted)
	}
	return b.Bytes(), nil
}
