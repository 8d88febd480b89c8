// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/locate"
)

// Hints about configurations.
const (
	nameFiles = "name the files of haproxy -f with config_file"
	alone     = "only one HAProxy of a host is read: let only that one lead to the database"
)

// readConfig reads the configuration. A usual file that does not exist is an error only if HAProxy does.
func (r *reader) readConfig() {
	all, env := r.configFiles()
	defer locate.CloseFiles(all)
	if len(all) == 0 {
		return
	}
	for _, f := range all {
		r.paths = append(r.paths, f.Name)
	}
	files, at, err := locate.ReadConfigs(all)
	r.f.Present = r.f.Present || !errors.Is(err, fs.ErrNotExist)
	if err != nil {
		r.fail(SourceConfig, at, err, hint(err, nameFiles))
		return
	}
	config, errs := cfg.ParseWith(files, env)
	r.config, r.files = config, files
	for _, err := range errs[:min(len(errs), 20)] {
		r.fail(SourceConfig, err.File, err, "")
	}
	for _, s := range config.Sections {
		if s.Stats.Password != "" {
			r.o.Secret(s.Stats.Password)
		}
	}
}

// configFiles returns the files of the configuration and the environment in which they are read: those that the caller
// names, otherwise those of the running process, otherwise the usual ones.
func (r *reader) configFiles() ([]locate.File, map[string]string) {
	if len(r.o.ConfigFiles) > 0 {
		var all []locate.File
		for _, path := range r.o.ConfigFiles {
			all = append(all, locate.File{Name: path})
		}
		return all, r.matchNamedFiles(all)
	}
	p, several := configuredProcess(r.running)
	if p != nil {
		if all := r.o.host.ConfigOf(*p, r.o.may); len(all) > 0 {
			return all, p.Env
		}
	}
	at := r.o.host.First(locate.DefaultConfigs, r.running, r.o.may)
	if several != nil {
		r.recordUnread(strings.Join(locate.DefaultConfigs, ", "), several, nameFiles)
	} else if p != nil && (at.Name == "" || len(p.Files) > 1 || !slices.Contains(locate.DefaultConfigs, p.Files[0])) {
		r.recordUnread(strings.Join(p.Files, ", "), errors.New("the files of haproxy -f cannot be found"), nameFiles)
	}
	if at.Name == "" {
		return nil, nil
	}
	if p == nil {
		return []locate.File{at}, nil
	}
	return []locate.File{at}, p.Env
}

// recordUnread records that a file which HAProxy has was not read.
func (r *reader) recordUnread(where string, err error, hint string) {
	r.fail(SourceConfig, where, err, hint)
	r.unread = append(r.unread, where+": "+excerpt.Error(err).Error())
}

// matchNamedFiles compares the files that the caller names with those of the processes that have one of them, and
// returns the environment of these.
func (r *reader) matchNamedFiles(all []locate.File) (env map[string]string) {
	for _, p := range r.running {
		var more []string
		for _, path := range p.Files {
			if !slices.ContainsFunc(all, func(f locate.File) bool { return sameFile(r.o.host.Path(path), f.Name) }) {
				more = append(more, path)
			}
		}
		if len(more) == len(p.Files) || p.Root != nil && !p.OnHost {
			continue
		}
		if env = p.Env; len(more) > 0 {
			err := fmt.Errorf("process %s has it by -f, and it was not read", p.PID)
			r.recordUnread(strings.Join(more, ", "), err, nameFiles)
		}
	}
	if p, _ := configuredProcess(r.running); env == nil && p != nil {
		return p.Env // the files may be those of its container, seen from this host
	}
	return env
}

func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	second, wrong := os.Stat(b)
	return err == nil && wrong == nil && os.SameFile(first, second)
}

// configuredProcess returns the process whose files are the configuration. Among processes with different files, such
// as an instance for another purpose, it is the one with a usual file; if there is none or several, it is an error.
func configuredProcess(all []locate.Process) (*locate.Process, error) {
	var found []*locate.Process
	add := func(want func(locate.Process) bool) {
		for i := range all {
			same := func(p *locate.Process) bool {
				return p.OnHost == all[i].OnHost &&
					slices.Equal(p.Files, all[i].Files)
			}
			if len(all[i].Files) > 0 && !all[i].Away && want(all[i]) && !slices.ContainsFunc(found, same) {
				found = append(found, &all[i])
			}
		}
	}
	add(func(locate.Process) bool { return true })
	every := found
	if len(every) > 1 {
		found = nil
		add(func(p locate.Process) bool {
			return slices.ContainsFunc(p.Files, func(f string) bool {
				return slices.Contains(locate.DefaultConfigs,
					f)
			})
		})
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(every) == 0:
		return nil, nil
	}
	var lists []string
	for _, p := range every {
		lists = append(lists, strings.Join(p.Files, " "))
	}
	return nil, fmt.Errorf("HAProxy runs with several configurations: %s", excerpt.UpTo(300, strings.Join(lists, "; ")))
}

// checkOtherProcesses looks for other HAProxies on this host, with files of their own, that lead to the database's
// servers: their sessions are not in these statistics.
func (r *reader) checkOtherProcesses(d *Database) {
	var distinct []locate.Process
	for _, p := range r.running {
		same := func(other locate.Process) bool { return slices.Equal(other.Files, p.Files) }
		if len(p.Files) > 0 && !p.Away && !slices.ContainsFunc(distinct, same) {
			distinct = append(distinct, p)
		}
	}
	if len(distinct) < 2 {
		return // it is the one that answers
	}
	for _, p := range distinct {
		r.checkOtherProcess(d, p)
	}
}

// checkOtherProcess checks a process that need not be the one that answers.
func (r *reader) checkOtherProcess(d *Database, p locate.Process) {
	where := fmt.Sprintf("process %s, haproxy -f %s", p.PID, strings.Join(p.Files, " -f "))
	all := r.o.host.ConfigOf(p, r.o.may)
	files, _, err := locate.ReadConfigs(all)
	locate.CloseFiles(all)
	switch {
	case slices.EqualFunc(files, r.files, func(a, b cfg.File) bool { return bytes.Equal(a.Content, b.Content) }):
	case len(all) == 0 || err != nil:
		if r.o.host.Runs(p) {
			r.recordUnread(where, errors.New("another HAProxy runs, and its configuration cannot be read"), alone)
		}
	default:
		if name := r.leadsTo(d, files, p.Env); name != "" {
			r.recordUnread(where, fmt.Errorf("another HAProxy leads to the database by its proxy %q",
				excerpt.Of(name)), alone)
		}
	}
}

// leadsTo returns the first section of another configuration that has a server of the database's.
func (r *reader) leadsTo(d *Database, files []cfg.File, env map[string]string) string {
	config, _ := cfg.ParseWith(files, env)
	f := finder{proxies: r.f.Proxies, config: config}
	own := f.proxy(d.Backend)
	for i := range config.Sections {
		if s := &config.Sections[i]; f.fronts(s, own) {
			return s.Name
		}
	}
	return ""
}
