// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"database/sql"
	"fmt"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"
)

// databases: what users and operators do to the database meanwhile.
var databases = []fault{
	{
		name: "ddl-physical", breaks: "ALTER TABLE during a physical backup", when: streaming, hurt: ddl, want: either, says: "ddl|alter|table|lock", quick: true,
	},
	{
		name: "ddl-logical", breaks: "ALTER TABLE during a dump", when: streaming, vars: vars("method", "logical"), hurt: ddl, want: either,
		says: "definition has changed|ddl|table", quick: true,
	},
	{
		name: "table-locked", breaks: "LOCK TABLES on the backup node delays the backup lock for 8 s", when: beforeStart,
		hurt: background("LOCK TABLES nova.quota_usages WRITE; DO SLEEP(14); UNLOCK TABLES"), hold: 0, want: either, says: "lock", quick: true,
	},
	{
		name: "long-transaction", breaks: "a transaction of 10 s is open on the backup node", when: beforeStart,
		hurt: background("BEGIN; SELECT COUNT(*) FROM nova.quota_usages FOR UPDATE; DO SLEEP(10); ROLLBACK"), want: either, says: "lock|transaction", quick: true,
	},
	{
		name: "write-burst", breaks: "a burst of writes, for 8 s", when: streaming, hurt: burst, hold: 8 * time.Second, want: either,
		says: "queue|flow|last|lag", quick: true, control: true,
	},
	{
		name: "operator-desync-before", breaks: "wsrep_desync=ON by an operator, before", when: beforeStart, hurt: operatorDesync, after: stillDesynced,
		want: failed, says: "desync|spare|standby", quick: true,
	},
	{
		name: "operator-desync-during", breaks: "wsrep_desync=ON by an operator, meanwhile", when: streaming, hurt: operatorDesync, hold: 3 * time.Second,
		after: stillDesynced, want: either, says: "desync", quick: true,
	},
	{
		name: "password-rotated", breaks: "the password of the backup user is rotated", when: streaming, before: backupUser, hurt: rotate,
		vars: vars("login_user", "faultbackup", "login_password", "before-rotation", "desync", "always"), want: either, says: "access|password|denied", quick: true,
	},
	{
		name: "sst-joiner", breaks: "the other standby joins by SST", when: beforeStart, hurt: sst, want: either, control: true,
		says: "sst|donor|synced|standby|spare|cluster|primary|active",
	},
	{
		name: "client-arrives", breaks: "a client connects to the backup node itself", when: streaming, hurt: clientArrives, hold: 6 * time.Second,
		want: failed, says: "client|session", quick: true,
	},
	{
		name: "client-arrives-retry", breaks: "a client connects to the backup node itself, and another may be tried", when: streaming, hurt: clientArrives, hold: 4 * time.Second,
		vars: vars("retries", 1, "min_spares", 0), anywhere: true, want: good, quick: true,
	},
	{
		name: "active-read-only", breaks: "the backup node becomes read_only", when: streaming, hurt: tell("SET GLOBAL read_only=ON"), hold: 2 * time.Second,
		heal: tell("SET GLOBAL read_only=OFF"), want: either, quick: true,
	},
}

func tell(statement string) func(*run) error {
	return func(r *run) error { return r.victim.tell(statement) }
}

// ddl changes tables through the active server, a dozen times; none that the clients use.
func ddl(r *run) error {
	for i := range 6 {
		for _, s := range []string{
			"ALTER TABLE neutron.ports ADD COLUMN fault_%d INT", "CREATE TABLE nova.fault_%d (a INT PRIMARY KEY) ENGINE=InnoDB",
			"ALTER TABLE neutron.ports DROP COLUMN fault_%d", "DROP TABLE nova.fault_%d",
		} {
			if err := r.active.tell(fmt.Sprintf(s, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// background runs statements as root on the victim; they end by themselves.
func background(statements string) func(*run) error {
	return func(r *run) error {
		_, err := r.victim.do("setsid -f timeout 60 mysql --execute='" + statements + "' >/dev/null 2>&1 </dev/null; sleep 0.3")
		return err
	}
}

// burst writes as fast as the active server takes it.
func burst(r *run) error {
	if err := r.active.tell("CREATE TABLE IF NOT EXISTS lab_load.burst (id BIGINT AUTO_INCREMENT PRIMARY KEY, a TEXT, b BLOB)"); err != nil {
		return err
	}
	r.later(func() error { return r.active.tell("DROP TABLE IF EXISTS lab_load.burst") })
	_, err := r.active.do(`setsid -f timeout 8 bash -c 'while mysql --execute="INSERT INTO lab_load.burst (a, b) SELECT flavor, device_metadata FROM nova.instance_extra LIMIT 4000"; do :; done' >/dev/null 2>&1 </dev/null`)
	return err
}

// clientArrives keeps one session of a service open on the victim, past HAProxy.
func clientArrives(r *run) error {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = "openstack", "lab-openstack", "tcp", r.victim.address()+":3306"
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	r.later(db.Close)
	return db.Ping()
}

func operatorDesync(r *run) error {
	r.foreign = append(r.foreign, r.victim.number)
	r.later(func() error { return r.victim.tell("SET GLOBAL wsrep_desync=OFF") })
	return r.victim.tell("SET GLOBAL wsrep_desync=ON")
}

func stillDesynced(r *run) error {
	if !r.victim.desynced() {
		return fmt.Errorf("the operator's wsrep_desync=ON was undone")
	}
	return nil
}

// backupUser makes the account with the documented privileges.
func backupUser(r *run) error {
	r.later(func() error { return r.active.tell("DROP USER IF EXISTS faultbackup@localhost") })
	for _, s := range []string{
		"CREATE OR REPLACE USER faultbackup@localhost IDENTIFIED BY 'before-rotation'",
		"GRANT RELOAD, PROCESS, BINLOG MONITOR, SLAVE MONITOR, SUPER, SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO faultbackup@localhost",
	} {
		if err := r.active.tell(s); err != nil {
			return err
		}
	}
	return nil
}

// serverConfig is the path of a configuration file of ours that the machine's server reads when it starts, in its container
// where it has one.
func serverConfig(r *run, m machine) (string, error) {
	folder := "/etc/mysql/mariadb.conf.d"
	if r.bundle() {
		folder = "/etc/my.cnf.d"
	}
	running := m.processes(server)
	if len(running) == 0 {
		return "", fmt.Errorf("no server runs on %s", m.name())
	}
	return fmt.Sprintf("/proc/%d/root%s/99-fault.cnf", running[0].pid, folder), nil
}

func rotate(r *run) error {
	return r.active.tell("ALTER USER faultbackup@localhost IDENTIFIED BY 'after-rotation'")
}

// sst makes the other standby lose its position, so that its restart transfers everything, from the backup node.
func sst(r *run) error {
	donor, err := serverConfig(r, r.other)
	if err != nil {
		return err
	}
	r.later(func() error {
		donor, err := serverConfig(r, r.other)
		if err != nil {
			return err
		}
		return os.Remove(donor)
	})
	if err := os.WriteFile(donor, []byte("[mysqld]\nwsrep_sst_donor = "+r.victim.name()+"\n"), 0o644); err != nil {
		return err
	}
	if err := os.Remove(r.other.path("/var/lib/mysql/grastate.dat")); err != nil {
		return err
	}
	if _, err := r.other.do("rm -f /var/lib/mysql/gvwstate.dat /var/lib/mysql/galera.cache; pkill -KILL -x 'mariadbd|mysqld'"); err != nil {
		return err
	}
	until(40*time.Second, 100*time.Millisecond, func() bool {
		s := r.victim.status("wsrep_local_state") + r.active.status("wsrep_local_state")
		return s != "44"
	})
	return nil
}
