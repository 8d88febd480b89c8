// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/accounts"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/pacemaker/steer"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/safefile"
)

// Expected is the required state of a restored controller.
type Expected struct {
	Size int
	// UUID of the cluster's state; empty if it is not known.
	UUID string
}

// Check checks that this controller's server is what was restored, through the accounts that are deployed on this host.
func (n *Node) Check(ctx context.Context, login mariadb.Login, want Expected, limit time.Duration) (galera.Wsrep,
	error) {
	var w galera.Wsrep
	err := poll(ctx, limit, "check the database on this host", func() (string, error) {
		c, err := mariadb.Open(ctx, login)
		if err != nil {
			return "", explainLogin(err)
		}
		defer c.Close()
		if w, err = galera.Status(ctx, c); err != nil {
			return "", err
		}
		return want.missing(w), nil
	})
	return w, err
}

// CompareSchema compares the definitions of the running server with those of what was made ready, which was compared
// with the set before clients were kept out: a difference now is worth a warning, and not a reason to keep clients out.
func (b *Book) CompareSchema(ctx context.Context, c *mariadb.Client) (warning string, err error) {
	lines, err := safefile.ReadOwn(b.definitions(), catalog.MaxDefinitions)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil // the restore was begun by an earlier version
	}
	if err != nil {
		return "", err
	}
	want, err := catalog.ParseDefinitions(lines)
	if err != nil {
		return "", fmt.Errorf("%s: %w", b.definitions(), err)
	}
	grants, err := accounts.ReadGrants(ctx, c)
	if err != nil {
		return "", err
	}
	if unseen := grants.Missing(catalog.SchemaPrivileges()...); len(unseen) > 0 {
		return fmt.Sprintf("the schema was not compared with what was restored: the database account %q lacks %s",
			c.Reached().User, strings.Join(unseen, ", ")), nil
	}
	is, err := catalog.ReadDefinitions(ctx, c, b.Carried)
	if err != nil {
		return "", err
	}
	different := is.Differences(want)
	if len(different) == 0 {
		return "", nil
	}
	names := make([]string, len(different))
	for i, d := range different {
		names[i] = d.String()
	}
	return "the schema is not what was restored; was it changed since the start? " +
		strings.Join(excerpt.First(names, excerpt.FewNames), ", "), nil
}

// explainLogin says what a refusal means right after a restore.
func explainLogin(err error) error {
	var login *mariadb.LoginError
	if errors.As(err, &login) && login.Refused() {
		return &finalError{fmt.Errorf("the restored database refuses the account that this host has: %w. The set has "+
			"the passwords from the time of the backup: give the accounts the deployed passwords (ALTER USER, on one "+
			"controller, as root through the socket), or deploy the old ones, and call this again", err)}
	}
	return err
}

// missing says what a restored controller's server does not show yet; empty when it shows all of it.
func (e Expected) missing(w galera.Wsrep) string {
	unsound := condition.First(condition.OfServer(w), nil, condition.NotPrimary, condition.NotSynced,
		condition.NotReady)
	switch {
	case e.UUID != "" && w.ClusterStateUUID != "" && w.ClusterStateUUID != e.UUID:
		return fmt.Sprintf("its state is %s and that of the set %s: it was started from other data", w.ClusterStateUUID,
			e.UUID)
	case unsound != nil:
		return unsound.Error()
	case w.Databases() != e.Size:
		return fmt.Sprintf("it sees %s, not %d", quantity.Count(int64(w.Databases()), "controller"), e.Size)
	}
	return ""
}

// ThroughVIP checks that a server of the restored cluster answers at one of the cluster's addresses. reached names it,
// and says whether the account of this host may log in there.
func (n *Node) ThroughVIP(ctx context.Context, login mariadb.Login, uuid string, limit time.Duration) (reached string,
	err error) {
	addresses, err := steer.Addresses(ctx)
	if err != nil {
		return "", err
	}
	if len(addresses) == 0 {
		return "the cluster has no virtual IP, so nothing was checked through one", nil
	}
	err = poll(ctx, limit, "reach the database through the virtual IP", func() (string, error) {
		var problems []error
		for _, address := range addresses {
			answer, err := n.ask(ctx, login, address, uuid)
			if err == nil {
				reached = answer
				return "", nil
			}
			problems = append(problems, err)
		}
		return "", errors.Join(problems...)
	})
	return reached, err
}

func (n *Node) ask(ctx context.Context, login mariadb.Login, address, uuid string) (string, error) {
	port := 0
	if _, err := fmt.Sscan(n.Port, &port); err != nil {
		return "", fmt.Errorf("port %q: %w", excerpt.Of(n.Port), excerpt.Error(err))
	}
	login.Socket, login.Host, login.Port, login.Proxy = "", address, port, true
	c, err := mariadb.Open(ctx, login)
	if err != nil {
		return n.probe(ctx, login, err)
	}
	defer c.Close()
	w, err := galera.Status(ctx, c)
	if err != nil {
		return "", err
	}
	if uuid != "" && w.ClusterStateUUID != uuid {
		return "", fmt.Errorf("the server at %s is of the cluster state %s, not %s", address,
			excerpt.Of(w.ClusterStateUUID),
			uuid)
	}
	return fmt.Sprintf("clients reach the restored database at %s", address), nil
}

// unknownAccount is an account that no server knows.
const unknownAccount = "overcloud_backup_knocks"

// probe distinguishes a server that refuses an account from one that does not exist. It tries an account that is
// certainly refused if this host has none: a connection that is cut off before the login would count against HAProxy's
// host (max_connect_errors).
func (n *Node) probe(ctx context.Context, login mariadb.Login, err error) (string, error) {
	var failed *mariadb.LoginError
	if !errors.As(err, &failed) || !failed.Refused() {
		login.User, login.Password = unknownAccount, ""
		c, again := mariadb.Open(ctx, login)
		if again == nil {
			_ = c.Close()
		} else if !errors.As(again, &failed) || !failed.Refused() {
			return "", again
		}
	}
	return fmt.Sprintf("the database answers at %s (this host has no account for it there, so nothing more was asked)",
		login.Host), nil
}
