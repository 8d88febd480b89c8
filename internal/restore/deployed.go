// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"strings"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/safefile"
)

// checkFiles contain the account of the health check, and of the resource agent's monitor. TripleO keeps the files of
// its containers in folders of its own on the host.
var checkFiles = []string{
	"/var/lib/config-data/puppet-generated/mysql/etc/sysconfig/clustercheck",
	"/var/lib/config-data/puppet-generated/clustercheck/etc/sysconfig/clustercheck",
	"/etc/sysconfig/clustercheck", "/etc/default/clustercheck",
}

// Deployed returns the accounts by which this host and the cluster use the database: of the health check, of the state
// transfer, and the administrator's. A restored database has the passwords from the time of the set. Errors are about
// sources that could not be read.
func (n *Node) Deployed(ctx context.Context, login mariadb.Login) ([]mariadb.Account, error) {
	accounts, err := mariadb.Deployed(ctx, login)
	for _, path := range checkFiles {
		if a, found := checkAccount(path); found {
			accounts = append(accounts, a)
			break
		}
	}
	if n.transfer.User != "" {
		accounts = append(accounts, n.transfer)
	}
	if login.Secret != nil {
		for _, a := range accounts {
			login.Secret(a.Password)
		}
	}
	return accounts, err
}

// checkAccount reads a shell file: MYSQL_USERNAME=clustercheck, MYSQL_PASSWORD='secret'.
func checkAccount(path string) (a mariadb.Account, found bool) {
	content, err := safefile.Read(path, maxSmall)
	if err != nil {
		return a, false
	}
	a.From = path
	for line := range strings.Lines(string(content)) {
		name, value, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "export ")), "=")
		if len(value) > 1 && strings.ContainsRune(`"'`, rune(value[0])) && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		switch name {
		case "MYSQL_USERNAME":
			a.User = value
		case "MYSQL_PASSWORD":
			a.Password = value
		}
	}
	return a, a.User != "" && a.Password != ""
}
