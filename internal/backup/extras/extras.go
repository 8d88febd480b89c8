// SPDX-License-Identifier: GPL-3.0-or-later

// Package extras collects what a set contains in addition to the data: users, what a dump of the users' schemas lacks,
// and the configuration of the cluster, the database and HAProxy.
package extras

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/accounts"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/safefile"
)

// Files of a set next to its data.
const (
	UsersFile       = "users.sql"
	SystemFile      = "system.sql"
	DefinitionsFile = "definitions.jsonl"
)

// Configuration lists the paths that configure a controller's database and the way to it for clients. TripleO's
// containers have theirs under puppet-generated.
var Configuration = []string{
	"/etc/my.cnf", "/etc/my.cnf.d", "/etc/mysql", "/etc/sysconfig/clustercheck",
	"/etc/haproxy",
	"/var/lib/config-data/puppet-generated/mysql/etc", "/var/lib/config-data/puppet-generated/haproxy/etc",
}

// Extras collects what a set contains in addition to the data. A file that this host lacks is a warning, not a
// failure.
type Extras struct {
	Set      *repository.Draft
	Files    []repository.File
	Warnings []string
}

// Add writes a file into the set.
func (b *Extras) Add(name, content string, data []byte) error {
	f, err := b.Set.Add(name, content, data)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	b.Files = append(b.Files, f)
	return nil
}

// Users saves all users and roles as statements. A logical set is useless without them; a physical one contains them
// anyway, so that there an account that may not read them is not a failure.
func (b *Extras) Users(ctx context.Context, c *mariadb.Client, required bool) error {
	accounts, err := accounts.ReadUsers(ctx, c)
	if err != nil && !required {
		b.Warnings = append(b.Warnings, "no "+UsersFile+": "+err.Error())
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	b.Warnings = append(b.Warnings, accounts.Warnings...)
	return b.Add(UsersFile, "users", []byte(strings.Join(accounts.Statements, ";\n")+";\n"))
}

// System saves what a dump of the users' schemas lacks. It names everything that it cannot save.
func (b *Extras) System(ctx context.Context, c *mariadb.Client) error {
	system, err := catalog.ReadSystem(ctx, c, systemLimit)
	if err != nil {
		b.Warnings = append(b.Warnings, "the set has no time zones and no CREATE SERVER: "+err.Error())
		return nil
	}
	if len(system.Left) > 0 {
		b.Warnings = append(b.Warnings, "in the server's own schemas, and not in a logical set (dump them by hand,"+
			" or take a physical backup): "+
			excerpt.Names(system.Left))
	}
	if len(system.Statements) == 0 {
		return nil
	}
	return b.Add(SystemFile, "system", []byte(strings.Join(system.Statements, ";\n")+";\n"))
}

// systemLimit is the statement timeout of queries of the server's own schemas.
const systemLimit = time.Minute

const corosyncConf = "/etc/corosync/corosync.conf"

// OwnCIB is the CIB of Pacemaker on this host. Only a host that was never in a cluster has none.
var OwnCIB = "/var/lib/pacemaker/cib/cib.xml"

// ReadCIB returns Pacemaker's configuration, or the reason why this host has none. A cluster that does not answer is an
// error: otherwise it would be noticed only at the restore.
func ReadCIB(ctx context.Context) (cib []byte, none string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cib, err = process.Output(ctx, "cibadmin", "--query")
	if err == nil {
		return cib, "", nil
	}
	_, missing := os.Stat(OwnCIB)
	if errors.Is(err, process.ErrNotFound) || errors.Is(missing, fs.ErrNotExist) {
		return nil, err.Error(), nil
	}
	return nil, "", fmt.Errorf("read the cluster's configuration: %w", err)
}

// Cluster saves Pacemaker's and Corosync's configuration. If there is no CIB, the plan has the reason.
func (b *Extras) Cluster(ctx context.Context) error {
	cib, none, err := ReadCIB(ctx)
	if err == nil && none == "" {
		err = b.Add("cib.xml", "cib", cib)
	}
	if err != nil {
		return err
	}
	conf, err := safefile.Read(corosyncConf, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		b.Warnings = append(b.Warnings, "no corosync.conf: "+err.Error())
		return nil
	}
	if err != nil {
		return fmt.Errorf("read Corosync's configuration: %w", err)
	}
	return b.Add("corosync.conf", "corosync", conf)
}

// Config saves the configuration files as they are, passwords included, in one tar.
func (b *Extras) Config(paths []string) error {
	data, skipped, err := archive(paths)
	if err != nil {
		return fmt.Errorf("collect the configuration: %w", err)
	}
	b.Warnings = append(b.Warnings, skipped...)
	return b.Add("config.tar", "configuration", data)
}

// maxConfig limits the size of one file: configuration is text.
const maxConfig = 1 << 20

// archive makes a tar of files and of all files in folders. Symbolic links are followed for files, but not out of a
// folder that another user can write to: a container's database may own the folder of its configuration, and root reads
// it. Paths that do not exist are left out.
func archive(paths []string) (data []byte, skipped []string, err error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, root := range paths {
		walk := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				err = put(w, path)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				skipped = append(skipped, fmt.Sprintf("left out of config.tar: %v", err))
			}
			return nil
		})
		if walk != nil {
			return nil, nil, walk
		}
	}
	err = w.Close()
	return buffer.Bytes(), skipped, err
}

func put(w *tar.Writer, path string) error {
	f, err := safefile.OpenOurs(path)
	if errors.Is(err, safefile.ErrKind) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() > maxConfig {
		return fmt.Errorf("%s is larger than %s", path, quantity.Bytes(maxConfig))
	}
	content, err := io.ReadAll(io.LimitReader(f, maxConfig))
	if err != nil {
		return err
	}
	header, err := tar.FileInfoHeader(info, "")
	if err != nil {
		return err
	}
	header.Name, header.Size = strings.TrimPrefix(path, "/"), int64(len(content))
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}
