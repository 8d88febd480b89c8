// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"overcloud.backup/internal/backup/content"
	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/quantity"
)

// CheckResult is the outcome of one check of Examine.
type CheckResult struct {
	Name string
	// Seen is the value that was seen. Err is why a backup here would be refused.
	Seen string
	Err  error
	// After names the check that did not succeed, because of which this one was not made.
	After    string
	Warnings []string
}

// Names of the checks of Examine.
const (
	CheckDestination   = "destination"
	CheckLogin         = "login"
	CheckTool          = "tool"
	CheckGrants        = "grants"
	CheckName          = "name"
	CheckContent       = "content"
	CheckSpace         = "backup_space"
	CheckConfiguration = "configuration"
)

// Examined is what Examine found out.
type Examined struct {
	Results []CheckResult
	// Raw are the bytes that a backup by Method would read; -1 if that is not known.
	Raw     int64
	Method  string
	Version string // of the server
	// Datadir is the device of the datadir's file system; 0 if that is not known.
	Datadir uint64
}

// step is a check of Examine: what it runs, what it then has seen, and which others must have succeeded.
type step struct {
	name  string
	run   []func(context.Context, *mariadb.Client) error
	seen  func() string
	needs []string
}

// Examine runs all checks of Prepare that are about this host, and not about the moment: each of them, also after one
// that failed. Whether the node is healthy and idle is a decision's to judge. It changes nothing.
func Examine(ctx context.Context, o Options) (Examined, error) {
	host, err := os.Hostname()
	if err != nil {
		return Examined{}, err
	}
	o.Decision, o.Job, o.Journal = nil, "", nil
	j := &Job{o: o, notes: effect.NewNotes(nil)}
	j.plan = Plan{Controller: host, Desync: o.Desync, Level: o.Level, Buffer: o.Buffer, Warnings: []string{}}
	defer func() { _ = j.container.Place.Close() }()
	results := []CheckResult{{Name: CheckDestination, Seen: o.Destination, Err: j.checkDestination()}}
	c, err := j.open(ctx)
	login := CheckResult{Name: CheckLogin, Err: err, Warnings: j.takeWarnings()}
	if err == nil {
		defer c.Close()
		login.Seen = seenLogin(c.Reached())
	}
	results = j.examine(ctx, c, append(results, login))
	e := Examined{Results: results, Raw: -1, Method: string(j.plan.Method), Version: j.plan.Server.Version,
		Datadir: j.device()}
	if j.plan.Space.Needed > 0 {
		e.Raw = j.plan.Space.Raw
	}
	return e, nil
}

// device returns that of the datadir's file system.
func (j *Job) device() uint64 {
	at, err := j.container.Place.Resolve(j.server.Datadir)
	if err != nil || j.server.Datadir == "" {
		return 0
	}
	var s syscall.Stat_t
	if syscall.Stat(at, &s) != nil {
		return 0
	}
	return s.Dev
}

// examine takes the steps whose needs are met, and says of the others why they were not taken.
func (j *Job) examine(ctx context.Context, c *mariadb.Client, results []CheckResult) []CheckResult {
	for _, s := range j.examination() {
		l := CheckResult{Name: s.name, After: failed(results, s.needs)}
		if l.After == "" {
			l.Err = answering(ctx, prepareTimeout, func(ctx context.Context) error { return run(ctx, c, s.run) })
			l.Warnings = j.takeWarnings()
		}
		if l.After == "" && l.Err == nil {
			l.Seen = s.seen()
		}
		results = append(results, l)
	}
	return results
}

// takeWarnings returns the warnings since the last call.
func (j *Job) takeWarnings() []string {
	list := j.plan.Warnings
	j.plan.Warnings = []string{}
	return list
}

func run(ctx context.Context, c *mariadb.Client, steps []func(context.Context, *mariadb.Client) error) error {
	for _, step := range steps {
		if err := step(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// failed says which of the needed checks did not succeed; empty if all did.
func failed(results []CheckResult, needs []string) string {
	for _, l := range results {
		if slices.Contains(needs, l.Name) && (l.Err != nil || l.After != "") {
			return l.Name
		}
	}
	return ""
}

func (j *Job) examination() []step {
	return []step{
		{CheckTool, steps(j.identify, j.chooseTool, j.warnOfDump), j.seenTool, []string{CheckLogin}},
		{CheckGrants, steps(j.checkGrants), j.seenGrants, []string{CheckTool}},
		{CheckName, steps(j.checkName), func() string { return j.plan.Cluster.Name }, []string{CheckLogin}},
		{CheckContent, steps(j.checkTables, j.checkEvents), j.seenContent, []string{CheckGrants}},
		{CheckSpace, steps(j.checkSpace), func() string { return seenSpace(j.plan.Space) },
			[]string{CheckTool, CheckDestination, CheckContent}},
		{CheckConfiguration, steps(j.checkCluster), seenConfiguration, nil},
	}
}

func steps(list ...func(context.Context, *mariadb.Client) error) []func(context.Context, *mariadb.Client) error {
	return list
}

// checkName checks the names that the set and its folder get.
func (j *Job) checkName(ctx context.Context, c *mariadb.Client) error {
	w, err := galera.Status(ctx, c)
	if err != nil {
		return err
	}
	return j.nameSet(w)
}

func seenLogin(r mariadb.Reached) string {
	at := fmt.Sprintf("%q at %s, by %s", r.User, r.Address, r.Credentials)
	if r.Container != "" {
		at += ", in the container " + r.Container
	}
	return at
}

func (j *Job) seenTool() string {
	return fmt.Sprintf("%s: %s %s%s, the server is %s", j.plan.Method, j.tool.Path, j.tool.Version, j.inContainer(),
		tool.Version(j.server.Version))
}

// warnOfDump says why a backup would be a dump although nobody asked for one.
func (j *Job) warnOfDump(context.Context, *mariadb.Client) error {
	if j.o.Method == tool.Auto && j.tool.Method == tool.Logical {
		j.warn("%s", j.plan.Reason)
	}
	return nil
}

func (j *Job) seenGrants() string {
	list := tool.PrivilegeNames(j.server, tool.Privileges(j.tool.Method, j.o.Desync == DesyncAlways))
	return "it has " + strings.Join(list, ", ")
}

func (j *Job) seenContent() string {
	if j.tool.Method == tool.Logical {
		return "a dump of " + quantity.Count(int64(len(j.plan.Schemas)), "schema")
	}
	return "the whole datadir " + j.server.Datadir
}

func seenConfiguration() string {
	if !pacemaker.Present() {
		return "there is no Pacemaker"
	}
	return "Pacemaker's was read"
}

func seenSpace(s content.Space) string {
	return fmt.Sprintf("%s are free at %s, and about %s are needed", quantity.Bytes(s.Free), s.At,
		quantity.Bytes(s.Needed))
}
