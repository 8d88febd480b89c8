// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"os"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository/local"
)

// sample puts an age to what the sources told last. The mutex is held.
func (g *guard) sample() Sample {
	s := g.now
	s.At = time.Now()
	s.Server.Silent = s.At.Sub(g.last.server).Seconds()
	if s.Cluster.Silent = s.At.Sub(g.last.cluster).Seconds(); g.last.cluster.IsZero() {
		s.Cluster.Silent = 0
	}
	if g.last.desync != nil {
		s.Server.DesyncError = g.last.desync.Error()
	}
	s.LeaseAge = s.At.Sub(g.last.lease).Seconds()
	s.Tool.Stage, _, s.Tool.RedoLSN = g.counters.Stages.Now()
	flow := g.counters.Flow(s.At)
	s.Tool.ReadBytes, s.Tool.StoredBytes = flow.Read, flow.Stored
	s.Tool.Stalled, s.Tool.Closing = flow.Stalled.Seconds(), flow.Closing
	g.redo(&s)
	return s
}

// redo finds how far the tool has read the redo log. Tools from 10.8 on do not tell: they read it all the time, so they
// are where the log ended when they last gave something. After the locks nothing more is read.
func (g *guard) redo(s *Sample) {
	switch {
	case s.Tool.Stage == tool.Unlocked:
		s.Tool.RedoLSN = 0
	case s.Tool.RedoLSN == 0 && s.Tool.ReadBytes > 0:
		if s.Tool.ReadBytes != g.last.read {
			g.last.read, g.last.redo = s.Tool.ReadBytes, s.Server.LSN
		}
		s.Tool.RedoLSN = g.last.redo
	}
}

// renewed looks whether the caller has renewed its lease. One that cannot be read was not renewed.
func (g *guard) renewed() {
	if g.lease == nil {
		return
	}
	content, err := g.lease()
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if err == nil && content != g.last.content {
		g.last.content, g.last.lease = content, time.Now()
	}
}

// Floors of free space in bytes, or half of what was free in the beginning where that is less: what was small already
// is no fault of the backup. The server stops working, or dies, without room in its datadir.
const (
	destinationFloor = 32 << 20
	datadirFloor     = 256 << 20
)

// folder is one of a place, held open once it was found: that it is gone, as its file system may be with the container,
// must not look like a full one before its server seems to be silent.
type folder struct {
	at   process.Place
	path string
	file *os.File
}

func (f *folder) free() (n int64, err error) {
	if f.file == nil {
		if f.file, err = f.at.Folder(f.path); err != nil {
			return 0, err
		}
	}
	return local.FreeIn(f.file)
}

func (f *folder) close() { _ = f.file.Close() }

// space reads the free space of one place, and sets its floor with the first answer.
func (g *guard) space(room func() (int64, error), floor *int64, most int64, free *int64) func() {
	return func() {
		n, err := room()
		g.mutex.Lock()
		defer g.mutex.Unlock()
		if *free = n; err != nil {
			*free = -1
			return
		}
		if *floor == 0 {
			*floor = min(most, n/2)
		}
	}
}
