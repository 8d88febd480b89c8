// SPDX-License-Identifier: GPL-3.0-or-later

// Package scratch runs a server in a folder of its own, on data that may be forged: as a user other than root, in
// namespaces that show it nothing but that folder, without network, plugins and files. The folder is also the journal
// of what is to be undone if a restore is killed.
package scratch

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository/local"
	"overcloud.backup/internal/safefile"
)

// Folder is a scratch folder that one restore uses.
type Folder struct {
	root  string // the folder with lock and run
	lock  *os.File
	Owner process.Owner
	// inside is the container that has the server's programs; nil on the host itself.
	inside *container.Container
	// password is that of the account that the scratch server creates for us.
	password string
}

// Path returns the path of a file of the restore.
func (s *Folder) Path(name string) string { return filepath.Join(s.root, runName, name) }

// longestSocket is the longest path that fits into the address of a unix socket.
const longestSocket = 107

// Check refuses a scratch folder that cannot work, without changing anything.
func Check(root string, owner process.Owner) error {
	if err := local.Check(root); err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	if socket := filepath.Join(root, runName, SocketName); len(socket) > longestSocket {
		return fmt.Errorf("scratch: %s is longer than the %d bytes of a socket's address; choose a shorter path",
			socket, longestSocket)
	}
	if owner == (process.Owner{}) {
		return nil
	}
	for at := root; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		opened := at == home && at == filepath.Dir(root) // by makeRoot
		if err == nil && info.Mode().Perm()&0o001 == 0 && !opened {
			return fmt.Errorf("scratch: the user mysql cannot enter %s (mode %04o); choose another folder, or chmod"+
				" o+x %s", at, info.Mode().Perm(), at)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("scratch: %w", err)
		}
		if at == "/" {
			return nil
		}
	}
}

// New takes the folder, removes what a killed restore left there, and creates an empty place.
func New(ctx context.Context, root string, owner process.Owner, image container.Image) (*Folder, error) {
	if err := makeRoot(root); err != nil {
		return nil, fmt.Errorf("scratch: %w", err)
	}
	lock, err := hold(root)
	if err != nil {
		return nil, err
	}
	s := &Folder{root: root, lock: lock, Owner: owner, password: password()}
	if _, err := clean(root); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	err = s.make()
	if err == nil {
		err = s.enter(ctx, image)
	}
	if err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

// make creates an empty place. Folders in it belong to the server's user, the place itself to root: nobody else may
// exchange what root reads and writes there.
func (s *Folder) make() error {
	err := os.Mkdir(s.Path("."), 0o711)
	if err == nil {
		err = os.Chmod(s.Path("."), 0o711) // regardless of the umask
	}
	for _, name := range []string{DataName, TemporaryName, serverName} {
		if err == nil {
			err = os.Mkdir(s.Path(name), 0o700)
		}
		if err == nil {
			err = os.Chown(s.Path(name), s.Owner.UID, s.Owner.GID)
		}
	}
	for _, name := range []string{givenName, pluginsName, FilesName} {
		if err == nil {
			err = os.Mkdir(s.Path(name), 0o755)
		}
		if err == nil {
			err = os.Chmod(s.Path(name), 0o755)
		}
	}
	if err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	return nil
}

// enter starts a container that sees the place, if there is an image. Its name is noted first.
func (s *Folder) enter(ctx context.Context, image container.Image) (err error) {
	if image.None() {
		return nil
	}
	name := ContainerName(s.root)
	if err := writeNew(s.Path(containerFile), image.Engine+" "+name+"\n", process.Owner{}); err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	s.inside, err = image.Start(ctx, name, filepath.Join(s.root, runName))
	return err
}

// place returns where the server's programs run.
func (s *Folder) place() process.Place {
	if s.inside == nil {
		return process.Place{}
	}
	return s.inside.Place()
}

// ContainerName returns the name of the container of a scratch folder, which runs one at a time.
func ContainerName(root string) string {
	sum := sha256.Sum256([]byte(root))
	return "overcloud-backup-" + hex.EncodeToString(sum[:6])
}

// home is the collection's folder on a host, where nobody but root can create anything first. The folders in it are
// accessible only to root (0700).
var home = "/var/lib/overcloud.backup"

// openHome lets the server's user pass through home to a scratch folder there. Without the right to list home it finds
// no other folder. Another part of the collection may have created home with 0700.
func openHome() error {
	if err := os.Mkdir(home, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	folder, err := safefile.OpenFolder(home)
	if err != nil {
		return err
	}
	defer folder.Close()
	info, err := folder.Stat()
	if err == nil && info.Mode().Perm()&0o011 != 0o011 {
		err = folder.Chmod(info.Mode().Perm() | 0o011)
	}
	return err
}

// makeRoot creates the folder so that the server's user can enter it, regardless of the umask.
func makeRoot(root string) error {
	if filepath.Dir(root) == home {
		if err := openHome(); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(root); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		return err
	}
	err := os.Mkdir(root, 0o711)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Chmod(root, 0o711)
}

// password returns a random password. Its letters satisfy plugins that require every kind of character.
func password() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	return "aA1_" + hex.EncodeToString(random)
}

// Remove removes the place and releases the folder.
func (s *Folder) Remove() error {
	_, err := clean(s.root)
	return errors.Join(err, s.lock.Close())
}

// writeForServer writes a file for the server's user.
func (s *Folder) writeForServer(name, content string) error {
	return writeNew(s.Path(name), content, s.Owner)
}

// writeNew creates a file, never through a link, that only its owner can read.
func writeNew(path, content string, owner process.Owner) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	return errors.Join(err, f.Chown(owner.UID, owner.GID), f.Close())
}
