// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/safefile"
)

// A scratch folder holds the lock, and below run all of one restore. What lies there while nobody holds the lock belongs
// to a restore that was killed: the folder itself is the journal of what is to be undone. No other folder has one of this
// name, whatever path an operator gives.
const (
	lockName = "overcloud_verify.lock"
	runName  = "overcloud_verify.run"
	// containerFile, inside of run, notes the engine and the name of the container.
	containerFile = "container"
)

// ErrBusy says that another verification holds the scratch folder.
var ErrBusy = errors.New("another verification runs here")

// scratch is the place of one restore.
type scratch struct {
	root  string // the folder with lock and run
	lock  *os.File
	owner process.Owner
	// inside is the container that the server's programs are in; nil on the host itself.
	inside *container.Container
	// password of the account that the scratch server makes for us.
	password string
}

func (s *scratch) path(name string) string { return filepath.Join(s.root, runName, name) }

// longestSocket is what fits into the address of a unix socket.
const longestSocket = 107

// checkScratch refuses a scratch folder that cannot work, without changing anything.
func checkScratch(root string, owner process.Owner) error {
	if err := repository.Check(root); err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	if socket := filepath.Join(root, runName, socketName); len(socket) > longestSocket {
		return fmt.Errorf("scratch: %s is longer than the %d bytes of a socket's address; choose a shorter path", socket, longestSocket)
	}
	if owner == (process.Owner{}) {
		return nil
	}
	for at := root; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		opened := at == home && at == filepath.Dir(root) // by makeRoot
		if err == nil && info.Mode().Perm()&0o001 == 0 && !opened {
			return fmt.Errorf("scratch: the user mysql cannot enter %s (mode %04o); choose another folder, or chmod o+x %s", at, info.Mode().Perm(), at)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("scratch: %w", err)
		}
		if at == "/" {
			return nil
		}
	}
}

// account is the user of the server's programs. Tests have another one where there is none of this name.
var account = "mysql"

// noAccountError is a host that has nobody to run the server's programs but root.
type noAccountError struct{ name string }

func (e *noAccountError) Error() string {
	return fmt.Sprintf("this host has no user %s, and what is in a set is never run by root: install the server's package, "+
		"or make that user with useradd --system --user-group --no-create-home --shell /sbin/nologin %[1]s", e.name)
}

// serverUser is mysql, so that nothing that lies in a set is run by root.
func serverUser() (process.Owner, error) { return userNamed(account) }

func userNamed(name string) (process.Owner, error) {
	u, err := user.Lookup(name)
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) {
		return process.Owner{}, &noAccountError{name}
	}
	if err != nil {
		return process.Owner{}, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return process.Owner{}, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err == nil && uid == 0 {
		err = fmt.Errorf("the user %s is root, who never runs what is in a set", name)
	}
	return process.Owner{UID: uid, GID: gid}, err
}

// newScratch takes the folder, removes what a killed restore left there, and makes an empty place.
func newScratch(ctx context.Context, root string, owner process.Owner, image container.Image) (*scratch, error) {
	if err := makeRoot(root); err != nil {
		return nil, fmt.Errorf("scratch: %w", err)
	}
	lock, err := hold(root)
	if err != nil {
		return nil, err
	}
	s := &scratch{root: root, lock: lock, owner: owner, password: password()}
	if _, err := clean(root); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	err = s.make()
	if err == nil {
		err = s.enter(ctx, image)
	}
	if err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// make makes an empty place. Folders in it belong to the server's user, the place itself to root: what root reads and writes
// there must not be somebody else's to exchange.
func (s *scratch) make() error {
	err := os.Mkdir(s.path("."), 0o711)
	if err == nil {
		err = os.Chmod(s.path("."), 0o711) // whatever the umask is
	}
	for _, name := range []string{dataName, temporaryName, serverName} {
		if err == nil {
			err = os.Mkdir(s.path(name), 0o700)
		}
		if err == nil {
			err = os.Chown(s.path(name), s.owner.UID, s.owner.GID)
		}
	}
	for _, name := range []string{givenName, pluginsName, filesName} {
		if err == nil {
			err = os.Mkdir(s.path(name), 0o755)
		}
		if err == nil {
			err = os.Chmod(s.path(name), 0o755)
		}
	}
	if err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	return nil
}

// enter starts a container that sees the place, unless there is no image. Its name is noted before.
func (s *scratch) enter(ctx context.Context, image container.Image) (err error) {
	if image.None() {
		return nil
	}
	name := containerName(s.root)
	if err := writeNew(s.path(containerFile), image.Engine+" "+name+"\n", process.Owner{}); err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	s.inside, err = image.Start(ctx, name, filepath.Join(s.root, runName))
	return err
}

// place is where the server's programs run.
func (s *scratch) place() process.Place {
	if s.inside == nil {
		return process.Place{}
	}
	return s.inside.Place()
}

// containerName is the name of the container of a scratch folder, of which only one is in use at a time.
func containerName(root string) string {
	sum := sha256.Sum256([]byte(root))
	return "overcloud-backup-" + hex.EncodeToString(sum[:6])
}

// noted is the note of a container. Nothing else is run or removed, whoever wrote it.
var noted = regexp.MustCompile(`^(podman|docker) (overcloud-backup-[0-9a-f]{12})\n$`)

// leaveContainer removes the container that a restore noted in its place.
func leaveContainer(run string) (undone []string, err error) {
	note, err := safefile.ReadOwn(filepath.Join(run, containerFile), maxSmall)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	found := noted.FindStringSubmatch(string(note))
	if err != nil || found == nil {
		return nil, err // killed while it was noted: there is no container yet
	}
	removed, err := container.Remove(context.Background(), found[1], found[2])
	if removed && err == nil {
		undone = append(undone, "removed the container "+found[2])
	}
	return undone, err
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

// remove removes the place and lets go of the folder.
func (s *scratch) remove() error {
	_, err := clean(s.root)
	return errors.Join(err, s.lock.Close())
}

// give writes a file for the server's user.
func (s *scratch) give(name, content string) error {
	return writeNew(s.path(name), content, s.owner)
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

// hold locks a scratch folder, at once or not at all (ErrBusy).
func hold(root string) (*os.File, error) {
	if err := repository.Check(root); err != nil {
		return nil, fmt.Errorf("scratch: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(root, lockName), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("scratch: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("scratch %s: %w", root, ErrBusy)
		}
		return nil, fmt.Errorf("scratch: lock %s: %w", f.Name(), err)
	}
	return f, nil
}

// Recover ends and removes what a killed restore left in a scratch folder, and says what that was. ErrBusy is a restore
// that still runs. It may be repeated.
func Recover(root string) (undone []string, err error) {
	if _, err := os.Lstat(root); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	lock, err := hold(root)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	return clean(root)
}

// serversOf is the user of the server that works in run: the folders there are its. The place itself is root's.
func serversOf(run string) []int {
	info, err := os.Lstat(filepath.Join(run, dataName))
	if err != nil {
		return nil
	}
	return []int{int(info.Sys().(*syscall.Stat_t).Uid)}
}

// former is the scratch folder that was the default once, where anybody may be first.
var former = "/var/tmp/overcloud.backup"

// RecoverFormer is Recover for the folder that was the default once. One that is not root's holds nothing of ours,
// and one that is busy is looked after by who uses it.
func RecoverFormer() (undone []string, err error) {
	run := filepath.Join(former, runName)
	if err := repository.Check(former); err != nil || !isFolder(run) {
		return nil, nil
	}
	undone, err = Recover(former)
	if errors.Is(err, ErrBusy) {
		err = nil
	}
	return undone, err
}

func isFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

// clean kills what works inside of run and removes it. The caller holds the lock.
func clean(root string) (undone []string, err error) {
	run := filepath.Join(root, runName)
	info, err := os.Lstat(run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !info.IsDir() {
		return nil, errors.Join(fmt.Errorf("scratch: %s is no folder of ours; choose another one", run), err)
	}
	if undone, err = leaveContainer(run); err != nil {
		return undone, err
	}
	for range 100 {
		inside := process.WorkingIn(run, serversOf(run)...)
		if len(inside) == 0 {
			break
		}
		for _, w := range inside {
			if err := w.Kill(); err == nil {
				undone = append(undone, fmt.Sprintf("ended %s (pid %d)", w.Name, w.PID))
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := os.RemoveAll(run); err != nil {
		return undone, fmt.Errorf("remove %s by hand: %w", run, err)
	}
	return append(undone, "removed "+run), nil
}
