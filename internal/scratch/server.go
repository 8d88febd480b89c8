// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/process"
)

// User is an account that exists only in the scratch server.
const User = "overcloud_verify"

// Server is a server on the data in a scratch folder: no network, no wsrep, no events, no replication, no files except
// its own. Nothing that it writes has to last.
type Server struct {
	Child *process.Child
	*mariadb.Client
	Log *Log
}

// serverArgs returns the server's arguments. more are arguments that come from the set.
func (s *Folder) serverArgs(memory int64, more []string) []string {
	args := []string{
		"--no-defaults", "--datadir=" + s.Path(DataName), "--aria-log-dir-path=" + s.Path(DataName),
		"--tmpdir=" + s.Path(TemporaryName),
		"--socket=" + s.Path(SocketName), "--pid-file=" + s.Path(pidName), "--init-file=" + s.Path(accountName),
		"--skip-networking", "--skip-log-bin", "--skip-slave-start", "--event-scheduler=OFF", "--wsrep-on=OFF",
		"--symbolic-links=0",
		"--plugin-dir=" + s.Path(pluginsName), "--secure-file-priv=" + s.Path(FilesName), "--local-infile=OFF",
		"--performance-schema=OFF", "--max-connections=10", "--max-allowed-packet=1G",
		fmt.Sprintf("--innodb-buffer-pool-size=%d", memory), "--innodb-buffer-pool-load-at-startup=OFF",
		"--innodb-buffer-pool-dump-at-shutdown=OFF",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF",
	}
	return append(args, more...)
}

// Child returns how programs are run in the scratch folder: on this host they see nothing else, and a container sees
// one folder.
func (s *Folder) Child() process.ChildOptions {
	return process.ChildOptions{Place: s.place(), Owner: s.Owner, Dir: s.Path(TemporaryName),
		Confined: &confine.Confinement{
			Read:  []string{s.Path(givenName), s.Path(pluginsName), s.Path(FilesName)},
			Write: []string{s.Path(DataName), s.Path(TemporaryName), s.Path(serverName)},
		}}
}

// Patience is the timeout for the server's first answer, and for its end.
const Patience = 10 * time.Minute

// Start starts the server and waits until it answers. If it ends before that, its log says why.
func (s *Folder) Start(ctx context.Context, program string, memory int64, more []string) (*Server, error) {
	// An account that grants PROXY to others, as the users of a set may, must have it; and only a row gives it to the
	// first.
	account := fmt.Sprintf("CREATE OR REPLACE USER %[1]s@localhost IDENTIFIED BY '%[2]s';\nGRANT ALL ON *.* TO"+
		" %[1]s@localhost WITH GRANT OPTION;\n"+
		"REPLACE INTO mysql.proxies_priv (Host, User, Proxied_host, Proxied_user, With_grant, Grantor) VALUES"+
		" ('localhost', '%[1]s', '', '', 1, '');\n"+
		"FLUSH PRIVILEGES;\n", User, s.password)
	if err := s.writeForServer(accountName, account); err != nil {
		return nil, err
	}
	r := &Server{Log: &Log{}}
	o := s.Child()
	o.Stdout, o.Stderr = io.Discard, r.Log
	var err error
	if r.Child, err = process.StartChild(ctx, o, program, s.serverArgs(memory, more)...); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, Patience,
		fmt.Errorf("the scratch server does not answer within %s", Patience))
	defer cancel()
	if err := r.connect(ctx, s); err != nil {
		r.Child.Kill()
		return nil, err
	}
	return r, nil
}

// Connect logs in to the scratch server.
func (s *Folder) Connect(ctx context.Context) (*mariadb.Client, error) {
	return mariadb.Open(ctx, mariadb.Login{User: User, Password: s.password, Socket: s.Path(SocketName),
		ServerUID: s.Owner.UID})
}

// longestWait is the largest timeout that the server accepts, a year in seconds: while a dump loads, this connection
// sends nothing.
const longestWait = "31536000"

func (r *Server) connect(ctx context.Context, s *Folder) error {
	for {
		c, err := s.Connect(ctx)
		if err == nil {
			r.Client = c
			return c.Exec(ctx, "SET SESSION wait_timeout = "+longestWait)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.Child.Ended():
			return &EndedError{cmp.Or(r.Child.Wait(), errors.New("somebody stopped it")), r.LogSummary()}
		case <-time.After(100 * time.Millisecond):
		}
		var login *mariadb.LoginError
		if errors.As(err, &login) && (login.Refused() || login.Unsafe()) {
			r.Child.Kill()
			return fmt.Errorf("the scratch server accepts no login: %w; %s", err, r.LogSummary())
		}
	}
}

// EndedError is a server that ended before it answered.
type EndedError struct {
	Err error
	Log string // a summary of it
}

// Error says how it ended, and quotes its log.
func (e *EndedError) Error() string {
	return fmt.Sprintf("the scratch server ended: %v: %s", e.Err, e.Log)
}

// Unwrap returns how it ended.
func (e *EndedError) Unwrap() error { return e.Err }

// Stop kills the server: nothing of it is kept.
func (r *Server) Stop() {
	_ = r.Close()
	r.Child.Kill()
}

// LogSummary waits for the end of the server and returns what its log says about it.
func (r *Server) LogSummary() string {
	<-r.Child.Ended()
	return r.Log.Summary()
}
