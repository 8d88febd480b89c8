// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
)

// The files of a restore: folders of the server's user, what is in the last one, and folders of root, which the server can
// only read: what it is given, the plugins that it may load and the files that statements may name (none).
const (
	dataName      = "data"
	temporaryName = "tmp"
	serverName    = "srv"
	socketName    = serverName + "/s"
	pidName       = serverName + "/pid"
	givenName     = "given"
	accountName   = givenName + "/account.sql"
	pluginsName   = "plugins"
	filesName     = "files"
)

// ourUser is an account that exists in the scratch server alone.
const ourUser = "overcloud_verify"

// runningServer is a server on the scratch folder's data: no network, no wsrep, no events, no replication, no files but
// its own. Nothing that it writes has to survive.
type runningServer struct {
	child *process.Child
	*galera.Client
	log *serverLog
}

// serverArgs are its arguments. more come from the set.
func (s *scratch) serverArgs(memory int64, more []string) []string {
	args := []string{
		"--no-defaults", "--datadir=" + s.path(dataName), "--aria-log-dir-path=" + s.path(dataName), "--tmpdir=" + s.path(temporaryName),
		"--socket=" + s.path(socketName), "--pid-file=" + s.path(pidName), "--init-file=" + s.path(accountName),
		"--skip-networking", "--skip-log-bin", "--skip-slave-start", "--event-scheduler=OFF", "--wsrep-on=OFF", "--symbolic-links=0",
		"--plugin-dir=" + s.path(pluginsName), "--secure-file-priv=" + s.path(filesName), "--local-infile=OFF", "--performance-schema=OFF", "--max-connections=10", "--max-allowed-packet=1G",
		fmt.Sprintf("--innodb-buffer-pool-size=%d", memory), "--innodb-buffer-pool-load-at-startup=OFF", "--innodb-buffer-pool-dump-at-shutdown=OFF",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF",
	}
	return append(args, more...)
}

// child is how everything in the scratch folder is run: on this host it sees nothing else. A container sees one folder.
func (s *scratch) child() process.ChildOptions {
	return process.ChildOptions{Place: s.place(), Owner: s.owner, Dir: s.path(temporaryName), Confined: &process.Confinement{
		Read:  []string{s.path(givenName), s.path(pluginsName), s.path(filesName)},
		Write: []string{s.path(dataName), s.path(temporaryName), s.path(serverName)},
	}}
}

// patience is how long a server may take from its last line in the log, or its start, to its first answer.
const patience = 10 * time.Minute

// start starts the server and waits until it answers. An ending server tells why in its log.
func (s *scratch) start(ctx context.Context, program string, memory int64, more []string) (*runningServer, error) {
	// Who gives PROXY to others, as the users of a set have it, must have it; and only a row gives it to the first.
	account := fmt.Sprintf("CREATE OR REPLACE USER %[1]s@localhost IDENTIFIED BY '%[2]s';\nGRANT ALL ON *.* TO %[1]s@localhost WITH GRANT OPTION;\n"+
		"REPLACE INTO mysql.proxies_priv (Host, User, Proxied_host, Proxied_user, With_grant, Grantor) VALUES ('localhost', '%[1]s', '', '', 1, '');\n"+
		"FLUSH PRIVILEGES;\n", ourUser, s.password)
	if err := s.give(accountName, account); err != nil {
		return nil, err
	}
	r := &runningServer{log: &serverLog{}}
	o := s.child()
	o.Stdout, o.Stderr = io.Discard, r.log
	var err error
	if r.child, err = process.StartChild(ctx, o, program, s.serverArgs(memory, more)...); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("the scratch server does not answer within %s", patience))
	defer cancel()
	if err := r.connect(ctx, s); err != nil {
		r.child.Kill()
		return nil, err
	}
	return r, nil
}

// connect logs in to the scratch server.
func (s *scratch) connect(ctx context.Context) (*galera.Client, error) {
	return galera.Open(ctx, galera.Login{User: ourUser, Password: s.password, Socket: s.path(socketName), ServerUID: s.owner.UID})
}

// longestWait is the most that the server takes, a year in seconds: while a dump loads, nothing is asked.
const longestWait = "31536000"

func (r *runningServer) connect(ctx context.Context, s *scratch) error {
	for {
		c, err := s.connect(ctx)
		if err == nil {
			r.Client = c
			return c.Exec(ctx, "SET SESSION wait_timeout = "+longestWait)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.child.Ended():
			return &endedError{cmp.Or(r.child.Wait(), errors.New("somebody stopped it")), r.said()}
		case <-time.After(100 * time.Millisecond):
		}
		var login *galera.LoginError
		if errors.As(err, &login) && (login.Refused() || login.Unsafe()) {
			r.child.Kill()
			return fmt.Errorf("the scratch server lets nobody in: %w; %s", err, r.said())
		}
	}
}

// endedError is a server that ended before it answered.
type endedError struct {
	err  error
	said string
}

func (e *endedError) Error() string {
	return fmt.Sprintf("the scratch server ended: %v: %s", e.err, e.said)
}
func (e *endedError) Unwrap() error { return e.err }

// stop ends the server at once: nothing of it is kept.
func (r *runningServer) stop() {
	_ = r.Close()
	r.child.Kill()
}

// said is what the server's log tells of its end.
func (r *runningServer) said() string {
	<-r.child.Ended()
	return r.log.said()
}
