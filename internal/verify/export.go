// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"io"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
)

// What else is restored from a set uses this: the same reading back, the same programs.

// Check says what the manifest contradicts itself in. Nothing else here may be asked of a set before that is nothing.
func (s *Set) Check() []Problem { return checkManifest(s.Manifest) }

// Data is the file with the database in it.
func (s *Set) Data() repository.File { return data(s.Manifest) }

// Users is the file with the statements that make the users; false where the set has none.
func (s *Set) Users() (repository.File, bool) {
	for _, f := range s.Manifest.Files {
		if f.Content == contentUsers {
			return f, true
		}
	}
	return repository.File{}, false
}

// Copy hands what is inside a file to a writer, and reads the file back on the way. The problem is that of the file; what
// was written until then is worth nothing. An error is the writer's, or that nothing could be read.
func (s *Set) Copy(ctx context.Context, f repository.File, to io.Writer, tell func(int64)) (*Problem, error) {
	return s.readFile(ctx, f, to, tell)
}

// FindTools finds the programs by which a set of this method, of a server of this version, is restored here.
func FindTools(ctx context.Context, method, server string) (Tools, error) {
	return findTools(ctx, method, server)
}

// Sandbox says that the client can be kept from the host's files and shell.
func (t Tools) Sandbox() bool { return t.sandbox }

// ServerUser is the user that the server's programs run as.
func ServerUser() (process.Owner, error) { return serverUser() }

// RemoveLinks takes away what makes InnoDB open tables outside of a datadir that was unpacked: it has them inside.
func RemoveLinks(datadir string) (removed int, err error) { return removeLinks(datadir) }

// ServerOptions are arguments without which a server cannot read the files that backup-my.cnf lies beside.
func ServerOptions(file []byte) []string { return optionsOf(file) }

// ServerLog keeps what a server complains of.
type ServerLog struct{ serverLog }

// Said are its errors, else its last lines.
func (l *ServerLog) Said() string { return l.said() }

// Room is how many bytes a restore of the set needs on a file system.
func (s *Set) Room() int64 {
	return int64(float64(data(s.Manifest).RawBytes)*factors[s.Manifest.Method]) + spaceMargin
}
