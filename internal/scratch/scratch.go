// SPDX-License-Identifier: GPL-3.0-or-later

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

// Folder is the place of one restore.
type Folder struct {
	root  string // the folder with lock and run
	lock  *os.File
	Owner process.Owner
	// inside is the container that the server's programs are in; nil on the host itself.
	inside *container.Container
	// password of the account that the scratch server makes for us.
	password string
}

// Path is where a file of the restore is.
func (s *Folder) Path(name string) string { return filepath.Join(s.root, runName, name) }

// longestSocket is what fits into the address of a unix socket.
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

// New takes the folder, removes what a killed restore left there, and makes an empty place.
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

// make makes an empty place. Folders in it belong to the server's user, the place itself to root: what root reads and
// writes there must not be somebody else's to exchange.
func (s *Folder) make() error {
	err := os.Mkdir(s.Path("."), 0o711)
	if err == nil {
		err = os.Chmod(s.Path("."), 0o711) // whatever the umask is
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

// enter starts a container that sees the place, unless there is no image. Its name is noted before.
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

// place is where the server's programs run.
func (s *Folder) place() process.Place {
	if s.inside == nil {
		return process.Place{}
	}
	return s.inside.Place()
}

// ContainerName is the name of the container of a scratch folder, of which only one is in use at a time.
func ContainerName(root string) string {
	sum := sha256.Sum256([]byte(root))
	return "overcloud-backup-" + hex.EncodeToString(sum[:6])
}

// home is the collection's folder on a host, where others than root cannot be first. Folders in it are root's alone
// (0700).
var home = "/var/lib/overcloud.backup"

// openHome lets the server's user through home to a scratch folder there; without the right to list it he finds no
// other. Who made it first may have made it 0700.
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

// makeRoot makes the folder, so that the server's user can enter it whatever the umask is.
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

// password is one that nobody else can know. The letters please plugins that want every kind.
func password() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	return "aA1_" + hex.EncodeToString(random)
}

// Remove removes the place and lets go of the folder.
func (s *Folder) Remove() error {
	_, err := clean(s.root)
	return errors.Join(err, s.lock.Close())
}

// give writes a file for the server's user.
func (s *Folder) give(name, content string) error {
	return writeNew(s.Path(name), content, s.Owner)
}

// writeNew makes a file, never through a link, and gives it to its owner alone.
func writeNew(path, content string, owner process.Owner) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	return errors.Join(err, f.Chown(owner.UID, owner.GID), f.Close())
}
