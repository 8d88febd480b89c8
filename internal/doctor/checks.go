// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

// Names of the checks that are made on the host.
const (
	Systemd           = "systemd"
	Confinement       = "confinement"
	SELinux           = "selinux"
	Destination       = "destination"
	Sets              = "sets"
	Login             = "login"
	Tool              = "tool"
	Grants            = "grants"
	SetName           = "name"
	Content           = "content"
	BackupSpace       = "backup_space"
	Configuration     = "configuration"
	Verification      = "verification"
	VerificationSpace = "verification_space"
	Restore           = "restore"
	RestoreSpace      = "restore_space"
	Jobs              = "jobs"
	Leftovers         = "leftovers"
)

// Names of the checks that are made with the facts of all hosts.
const (
	Answer    = "answer"
	Clock     = "clock"
	Galera    = "galera"
	Pacemaker = "pacemaker"
	HAProxy   = "haproxy"
	Logins    = "logins"
	Health    = "health"
	Alike     = "alike"
	Lock      = "locked" // as the condition
	Candidate = "candidate"
	TheClock  = "control_node_clock"
)

// Check is one thing that is looked at.
type Check struct {
	Name string
	// Title is its name for people.
	Title string
	// Looks says what is looked at; Fails continues "Fails if".
	Looks, Fails string
	// Remedy is what to do.
	Remedy string
	// host says that it is made on the host.
	host bool
	// witness says that it is also made on hosts without a database.
	witness bool
}

func (c Check) onHost() bool { return c.host }

// Checks returns all checks, in the order of the table.
func Checks() []Check { return append([]Check{}, checks...) }

// named returns a check that exists.
func named(name string) Check {
	c, _ := find(name)
	return c
}

// Title returns the name of a check for people.
func Title(name string) string { return named(name).Title }

func find(name string) (Check, bool) {
	for _, c := range checks {
		if c.Name == name {
			return c, true
		}
	}
	return Check{}, false
}

var checks = []Check{
	{
		Name: Answer, Title: "the host answers", witness: true,
		Looks:  "whether the host could be asked",
		Fails:  "it could not; nothing else is known of it then",
		Remedy: "See the error of the host above: inventory, ssh, sudo",
	},
	{
		Name: Clock, Title: "clock", witness: true,
		Looks: "its clock, compared with those of the others, or with that of the control node if there are fewer " +
			"than three",
		Fails:  "it is off by more than 60 s; a warning from 10 s on",
		Remedy: "Start chronyd or ntpd: the order of sets and the age of the lock depend on it",
	},
	{
		Name: Systemd, Title: "systemd", host: true,
		Looks:  "whether systemd runs the host, and its version",
		Fails:  "it does not, or is older than 219: a backup runs as its unit",
		Remedy: "Run it on the controller itself, not in a container",
	},
	{
		Name: Confinement, Title: "confinement", host: true,
		Looks:  "whether the kernel lets root take files, network and privileges from a program",
		Fails:  "it does not: neither the backup tool nor a scratch server would be started",
		Remedy: "Run it as root on the host itself; see docs/troubleshooting.md, The programs of the database",
	},
	{
		Name: SELinux, Title: "SELinux", host: true,
		Looks:  "its mode, and the programs that label a restored datadir",
		Fails:  "it is on and chcon or restorecon is missing, or its mode cannot be read",
		Remedy: "Install coreutils and policycoreutils",
	},
	{
		Name: Galera, Title: "database server",
		Looks:  "the versions of the server and of Galera, and how it was reached",
		Fails:  "no server answers; a warning for a value that could not be read",
		Remedy: "Start it; for the login set overcloud_backup_login_*; see docs/troubleshooting.md, Facts",
	},
	{
		Name: Pacemaker, Title: "Pacemaker", witness: true,
		Looks:  "its version, the DC and the quorum",
		Fails:  "it does not answer; a warning for a value that could not be read",
		Remedy: "Start it; see docs/troubleshooting.md, Facts",
	},
	{
		Name: HAProxy, Title: "HAProxy", witness: true,
		Looks: "its version, its stats socket and the socket's level: user is enough, operator also shows the stick " +
			"table, admin is not needed",
		Fails: "it is there and does not answer; a warning for a value that could not be read",
		Remedy: "`stats socket /var/lib/haproxy/stats mode 600 level user` in the section global; see " +
			"docs/troubleshooting.md",
	},
	{
		Name: Logins, Title: "short connections",
		Looks: "whether the server counts logins by user, which alone shows clients that come and go too fast for " +
			"the list of sessions",
		Fails:  "that could not be read, as a warning; a server that does not count is ok",
		Remedy: "See the row of the database server; docs/limitations.md, Deciding, says what is seen then",
	},
	{
		Name: Health, Title: "health",
		Looks: "the conditions of the decision; one that is met has a row of its own, with its code " +
			"(docs/troubleshooting.md, Decision). One that serves the clients is healthy",
		Fails:  "a condition is met; `excluded` is a warning",
		Remedy: "That of the condition",
	},
	{
		Name: Destination, Title: "destination", host: true,
		Looks: "its owner and mode, with those of all folders above, its mount, whether that is the datadir's file " +
			"system, and whether it can be written to",
		Fails:  "others could write to it, it cannot be written to, or it hangs",
		Remedy: "Mount it, chown root, chmod go-w; set controller_backup_destination to use another one",
	},
	{
		Name: Sets, Title: "sets", host: true,
		Looks: "the sets at the destination, that is, whether the repository can be read",
		Fails: "it cannot; a warning for a damaged set, and for an unfinished one: if no backup runs, it was killed",
		Remedy: "`state: recovered` of galera_backup removes unfinished sets of its own host; see backup_info for " +
			"damaged ones",
	},
	{
		Name: Login, Title: "database account", host: true,
		Looks:  "the account, and where it comes from",
		Fails:  "no account works; a warning if the given one was refused",
		Remedy: "Set overcloud_backup_login_*, or correct the option files",
	},
	{
		Name: Tool, Title: "backup tool", host: true,
		Looks:  "mariadb-backup or mariadb-dump where the server runs, and whether its version fits",
		Fails:  "there is none that fits; a warning if a dump is left although the method is auto",
		Remedy: "Install the server's own version of mariadb-backup, in the container if it runs in one",
	},
	{
		Name: Grants, Title: "grants", host: true,
		Looks:  "the privileges of the account that the method needs",
		Fails:  "one is missing; a warning for one without which the set lacks something",
		Remedy: "Grant what is missing; docs/security.md lists all",
	},
	{
		Name: SetName, Title: "name of the set", host: true,
		Looks:  "wsrep_cluster_name and the host's name, which become names of folders",
		Fails:  "one is not usable",
		Remedy: "Set controller_backup_cluster",
	},
	{
		Name: Content, Title: "content of a set", host: true,
		Looks:  "tables, events and folders that a backup would refuse, or lose",
		Fails:  "a backup would refuse; a warning for what the set would lack",
		Remedy: "See docs/troubleshooting.md, Backup",
	},
	{
		Name: BackupSpace, Title: "space for a backup", host: true,
		Looks:  "free space at the destination, and an estimate of the next set",
		Fails:  "there is too little",
		Remedy: "Remove old sets, or use a larger destination",
	},
	{
		Name: Configuration, Title: "cluster configuration", host: true,
		Looks:  "whether Pacemaker's configuration can be read for the set",
		Fails:  "it cannot; a warning without Pacemaker",
		Remedy: "Start Pacemaker; see docs/troubleshooting.md, Facts",
	},
	{
		Name: Verification, Title: "verification", host: true,
		Looks:  "the server's programs, the user mysql and the scratch folder",
		Fails:  "one is missing: no set can be restored into a scratch server here",
		Remedy: "Install the server's packages, or set controller_verify_scratch",
	},
	{
		Name: VerificationSpace, Title: "space for a verification", host: true,
		Looks:  "free space at the scratch folder, and an estimate of a copy of the data",
		Fails:  "there is too little",
		Remedy: "Make room, or set controller_verify_scratch",
	},
	{
		Name: Restore, Title: "restore", host: true,
		Looks:  "what a restore needs: the members, the resource, the server's options, a datadir that can be moved",
		Fails:  "a restore would be refused; a warning without Pacemaker's galera resource",
		Remedy: "See docs/restore.md; without Pacemaker, restore by hand",
	},
	{
		Name: RestoreSpace, Title: "space for a restore", host: true,
		Looks:  "free space next to the datadir, where the old data is kept, and an estimate of the restored data",
		Fails:  "there is too little",
		Remedy: "Make room on the datadir's file system",
	},
	{
		Name: Jobs, Title: "jobs", host: true,
		Looks: "backups that run, and what dead ones left: the cluster's lock, an unfinished set, wsrep_desync",
		Fails: "that cannot be found out; a warning for what is left",
		Remedy: "The next backup undoes it first; or galera_backup with `state: recovered`, as in " +
			"playbooks/examples/recover_after_crash.yml",
	},
	{
		Name: Leftovers, Title: "leftovers", host: true,
		Looks:  "a restore that has not ended, earlier datadirs next to the datadir, a scratch server that was killed",
		Fails:  "a restore has not ended, or if that cannot be found out; a warning for what is left",
		Remedy: "End the restore, or roll it back (docs/restore.md); remove what is not needed any more",
	},
	{
		Name: Alike, Title: "alike",
		Looks: "whether the controllers have the same server version, SELinux mode and kind of destination",
		Fails: "none of them could be read; a warning if they differ: a set is not restored on an older server, and " +
			"a destination may not be mounted",
		Remedy: "Make them alike",
	},
	{
		Name: Lock, Title: "lock",
		Looks:  "the cluster's backup lock: who holds it, and since when",
		Fails:  "it cannot be read; a warning while it is held, and if it has expired",
		Remedy: "Wait, or `state: cancelled` on the node that holds it. If no job runs there: `state: recovered` there",
	},
	{
		Name: Candidate, Title: "a backup now",
		Looks:  "which controller would be backed up",
		Fails:  "none would be; a warning while the lock is held",
		Remedy: "See the rows of the controllers",
	},
	{
		Name: TheClock, Title: "control node's clock",
		Looks:  "the clock of the control node, compared with those of three or more controllers",
		Fails:  "it is off by more than 10 s, as a warning",
		Remedy: "Start chronyd or ntpd on the control node",
	},
}

// MadeElsewhere reports that a check is not made on the host itself.
func MadeElsewhere(name string) bool { return !named(name).host }
