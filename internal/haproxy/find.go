// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Where things are when nobody says otherwise.
var (
	// defaultConfigs: what TripleO writes for the container, then the host's own. Where both are, the host's is the
	// package's example, which no process runs with.
	defaultConfigs = []string{
		"/var/lib/config-data/puppet-generated/haproxy/etc/haproxy/haproxy.cfg",
		"/etc/haproxy/haproxy.cfg",
	}
	// defaultSockets: of TripleO, of Debian, of early Ocata.
	defaultSockets = []string{"/var/lib/haproxy/stats", "/run/haproxy/admin.sock", "/var/run/haproxy.sock"}
)

// maxConfig bounds one configuration file.
const maxConfig = 16 << 20

// host is the file system that files, sockets and processes are looked for in.
type host struct{ root string }

func (h host) path(p string) string { return filepath.Join(h.root, p) }

// exists says that the path is there, readable or not.
func (h host) exists(path string) bool {
	_, err := os.Stat(h.path(path))
	return !errors.Is(err, fs.ErrNotExist)
}

// processes are the numbers of the haproxy processes, without those that Neutron starts beside every network for the
// metadata service (haproxy -f .../ns-metadata-proxy/UUID.conf), which are no load balancers.
func (h host) processes() []string {
	var pids []string
	dirs, _ := filepath.Glob(h.path("/proc/[0-9]*"))
	for _, dir := range dirs {
		name, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil || strings.TrimSpace(string(name)) != "haproxy" {
			continue
		}
		args, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		if !strings.Contains(string(args), "ns-metadata-proxy") {
			pids = append(pids, filepath.Base(dir))
		}
	}
	return pids
}

// first returns the first of the paths that is there: on the host itself, else inside the container of a haproxy
// process, where a bundle that does not share /var/lib/haproxy keeps it. Empty when none is anywhere.
func (h host) first(paths []string) string {
	for _, path := range paths {
		if h.exists(path) {
			return h.path(path)
		}
	}
	for _, pid := range h.processes() {
		for _, path := range paths {
			inside := h.path(filepath.Join("/proc", pid, "root", path))
			if _, err := os.Stat(inside); err == nil {
				return inside
			}
		}
	}
	return ""
}

// readConfigs reads configuration files as haproxy -f takes them: a folder stands for its *.cfg files in order. With
// an error comes the path that it is about.
func readConfigs(paths []string) (files []ConfigFile, at string, err error) {
	for _, path := range paths {
		names, err := expandFolder(path)
		if err != nil {
			return nil, path, bare(err)
		}
		for _, name := range names {
			b, err := readFile(name)
			if err != nil {
				return nil, name, bare(err)
			}
			files = append(files, ConfigFile{Name: name, Content: b})
		}
	}
	return files, "", nil
}

func expandFolder(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".cfg") && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, filepath.Join(path, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, errors.New("the folder holds no *.cfg file")
	}
	slices.Sort(names)
	return names, nil
}

func readFile(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file") // opening a pipe would wait for its writer
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(b) > maxConfig {
		return nil, fmt.Errorf("it is larger than %d MiB", maxConfig>>20)
	}
	return b, err
}
