// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/endpoint"
	"overcloud.backup/internal/haproxy/locate"
	"overcloud.backup/internal/peer"
	"overcloud.backup/internal/reading"
)

// Names of the sources in Facts.Errors.
const (
	SourceConfig    = "haproxy.cfg"
	SourceSocket    = "stats socket"
	SourceURL       = "stats url"
	SourceSample    = "sample"
	SourceInfo      = "show info"
	SourceStates    = "show servers state"
	SourceTable     = "show table"
	SourceLevel     = "level"
	SourceDatabase  = "database proxy"
	SourceProcesses = "processes"
)

// Options say where to look. The zero value finds everything by itself and takes one sample.
type Options struct {
	// Socket is the stats socket; empty: the configured one, otherwise the usual paths.
	Socket string
	// StatsURL is tried if the socket gives nothing; empty: the configuration's statistics page on this host.
	StatsURL, StatsUser, StatsPassword string
	// ConfigFiles are the files or folders of haproxy -f; empty: the usual paths.
	ConfigFiles []string
	// DatabaseProxies name the proxy in front of the database, and after it further ways to its servers, which are also
	// found; empty: all are found.
	DatabaseProxies []string
	// Timeout is for the complete reading; 0 is 10 s.
	Timeout time.Duration
	// Sample is the time between two samples; 0 takes one.
	Sample time.Duration
	Clock  reading.Clock
	// Secret is called with every password read from the configuration, so that no output shows it; may be nil.
	Secret func(string)

	host locate.Host // where files are looked for, in tests
	may  peer.Owners // whose HAProxy is trusted, in tests
}

// reader is one reading in progress.
type reader struct {
	o      Options
	f      *Facts
	config *cfg.Config // nil if it could not be read
	paths  []string
	files  []cfg.File // that config was read from
	unread []string   // files that the process has and that were not read

	running []locate.Process
}

func (r *reader) fail(source, where string, err error, hint string) {
	r.f.Add(source, where, err, hint)
}

// hint returns what to try after an error; otherwise is for errors that do not say it.
func hint(err error, otherwise string) string {
	var stranger *peer.StrangerError
	switch {
	case errors.As(err, &stranger):
		return "find out what that user runs there and end it, and start HAProxy"
	case errors.Is(err, endpoint.ErrUnknown):
		return "it may be the socket of HAProxy's master process (-S): name the stats socket of the section global " +
			"with the option socket"
	case errors.Is(err, fs.ErrPermission):
		return "read it as root (become)"
	case errors.Is(err, context.DeadlineExceeded):
		return "HAProxy may be stopped or stuck: see its process on this host"
	}
	return otherwise
}
