// SPDX-License-Identifier: GPL-3.0-or-later

package cases

import (
	"database/sql"
	"fmt"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// databases are things that users and operators do to the database meanwhile.
var databases = []harness.Fault{
	{
		Name: "ddl-physical", Breaks: "ALTER TABLE during a physical backup", When: harness.Streaming, Hurt: ddl,
		Want: harness.Either, Says: "ddl|alter|table|lock", Quick: true,
	},
	{
		Name: "ddl-logical", Breaks: "ALTER TABLE during a dump", When: harness.Streaming,
		Vars: harness.Vars("method", "logical"), Hurt: ddl, Want: harness.Either,
		Says: "definition has changed|ddl|table", Quick: true,
	},
	{
		Name: "table-locked", Breaks: "LOCK TABLES on the backup node delays the backup lock for 8 s",
		When: harness.BeforeStart,
		Hurt: background("LOCK TABLES nova.quota_usages WRITE; DO SLEEP(14); UNLOCK TABLES"), Hold: 0,
		Want: harness.Either, Says: "lock", Quick: true,
	},
	{
		Name: "long-transaction", Breaks: "a transaction of 10 s is open on the backup node", When: harness.BeforeStart,
		Hurt: background("BEGIN; SELECT COUNT(*) FROM nova.quota_usages FOR UPDATE; DO SLEEP(10); ROLLBACK"),
		Want: harness.Either, Says: "lock|transaction", Quick: true,
	},
	{
		Name: "write-burst", Breaks: "a burst of writes, for 8 s", When: harness.Streaming, Hurt: burst,
		Hold: 8 * time.Second, Want: harness.Either,
		Says: "queue|flow|last|lag", Quick: true, Control: true,
	},
	{
		Name: "operator-desync-before", Breaks: "wsrep_desync=ON by an operator, before", When: harness.BeforeStart,
		Hurt: operatorDesync, After: stillDesynced,
		Want: harness.Failed, Says: "desync|spare|standby", Quick: true,
	},
	{
		Name: "operator-desync-during", Breaks: "wsrep_desync=ON by an operator, meanwhile", When: harness.Streaming,
		Hurt: operatorDesync, Hold: 3 * time.Second,
		After: stillDesynced, Want: harness.Either, Says: "desync", Quick: true,
	},
	{
		Name: "password-rotated", Breaks: "the password of the backup user is rotated", When: harness.Streaming,
		Before: backupUser, Hurt: rotate,
		Vars: harness.Vars("login_user", "faultbackup", "login_password", "before-rotation", "desync", "always"),
		Want: harness.Either, Says: "access|password|denied", Quick: true,
	},
	{
		Name: "sst-joiner", Breaks: "the other standby joins by SST", When: harness.BeforeStart, Hurt: sst,
		Want: harness.Either, Control: true,
		Says: "sst|donor|synced|standby|spare|cluster|primary|active",
	},
	{
		Name: "client-arrives", Breaks: "a client connects to the backup node itself", When: harness.Streaming,
		Hurt: clientArrives, Hold: 6 * time.Second,
		Want: harness.Failed, Says: "client|session", Quick: true,
	},
	{
		Name: "client-arrives-retry", Breaks: "a client connects to the backup node itself, and another may be tried",
		When: harness.Streaming, Hurt: clientArrives, Hold: 4 * time.Second,
		Vars: harness.Vars("retries", 1, "min_spares", 0), Anywhere: true, Want: harness.Good, Quick: true,
	},
	{
		Name: "active-read-only", Breaks: "the backup node becomes read_only", When: harness.Streaming,
		Hurt: tell("SET GLOBAL read_only=ON"), Hold: 2 * time.Second,
		Heal: tell("SET GLOBAL read_only=OFF"), Want: harness.Either, Quick: true,
	},
}

func tell(statement string) func(*harness.Run) error {
	return func(r *harness.Run) error { return r.Victim.Tell(statement) }
}

// ddl alters tables on the active server, a dozen times; none that the clients use.
func ddl(r *harness.Run) error {
	for i := range 6 {
		for _, s := range []string{
			"ALTER TABLE neutron.ports ADD COLUMN fault_%d INT",
			"CREATE TABLE nova.fault_%d (a INT PRIMARY KEY) ENGINE=InnoDB",
			"ALTER TABLE neutron.ports DROP COLUMN fault_%d", "DROP TABLE nova.fault_%d",
		} {
			if err := r.Active.Tell(fmt.Sprintf(s, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// background runs statements as root on the victim; they end by themselves.
func background(statements string) func(*harness.Run) error {
	return func(r *harness.Run) error {
		_, err := r.Victim.Do("setsid -f timeout 60 mysql --execute='" + statements +
			"' >/dev/null 2>&1 </dev/null; sleep 0.3")
		return err
	}
}

// burst writes as fast as the active server accepts it.
func burst(r *harness.Run) error {
	if err := r.Active.Tell("CREATE TABLE IF NOT EXISTS lab_load.burst (id BIGINT AUTO_INCREMENT PRIMARY KEY, a TEXT," +
		" b BLOB)"); err != nil {
		return err
	}
	r.Later(func() error { return r.Active.Tell("DROP TABLE IF EXISTS lab_load.burst") })
	_, err := r.Active.Do(`setsid -f timeout 8 bash -c 'while mysql --execute="INSERT INTO lab_load.burst (a, b)` +
		` SELECT flavor, device_metadata FROM nova.instance_extra LIMIT 4000"; do :; done' >/dev/null 2>&1 </dev/null`)
	return err
}

// clientArrives keeps one session of a service open on the victim, past HAProxy.
func clientArrives(r *harness.Run) error {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = "openstack", "lab-openstack", "tcp", r.Victim.Address()+":3306"
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	r.Later(db.Close)
	return db.Ping()
}

func operatorDesync(r *harness.Run) error {
	r.Foreign = append(r.Foreign, r.Victim.Number)
	r.Later(func() error { return r.Victim.Tell("SET GLOBAL wsrep_desync=OFF") })
	return r.Victim.Tell("SET GLOBAL wsrep_desync=ON")
}

func stillDesynced(r *harness.Run) error {
	if !r.Victim.Desynced() {
		return fmt.Errorf("the operator's wsrep_desync=ON was undone")
	}
	return nil
}

// backupUser creates the account with the documented privileges.
func backupUser(r *harness.Run) error {
	r.Later(func() error { return r.Active.Tell("DROP USER IF EXISTS faultbackup@localhost") })
	for _, s := range []string{
		"CREATE OR REPLACE USER faultbackup@localhost IDENTIFIED BY 'before-rotation'",
		"GRANT RELOAD, PROCESS, BINLOG MONITOR, SLAVE MONITOR, SUPER, SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO" +
			" faultbackup@localhost",
	} {
		if err := r.Active.Tell(s); err != nil {
			return err
		}
	}
	return nil
}

// serverConfig is the path of a configuration file of the test that the machine's server reads when it starts, inside
// its container if it has one.
func serverConfig(r *harness.Run, m lab.Machine) (string, error) {
	folder := "/etc/mysql/mariadb.conf.d"
	if r.Bundle() {
		folder = "/etc/my.cnf.d"
	}
	running := m.Processes(lab.Server)
	if len(running) == 0 {
		return "", fmt.Errorf("no server runs on %s", m.Name())
	}
	return fmt.Sprintf("/proc/%d/root%s/99-fault.cnf", running[0].PID, folder), nil
}

func rotate(r *harness.Run) error {
	return r.Active.Tell("ALTER USER faultbackup@localhost IDENTIFIED BY 'after-rotation'")
}

// sst makes the other standby lose its position, so that its restart needs a full SST, from the backup node.
func sst(r *harness.Run) error {
	donor, err := serverConfig(r, r.Other)
	if err != nil {
		return err
	}
	r.Later(func() error {
		donor, err := serverConfig(r, r.Other)
		if err != nil {
			return err
		}
		return os.Remove(donor)
	})
	if err := os.WriteFile(donor, []byte("[mysqld]\nwsrep_sst_donor = "+r.Victim.Name()+"\n"), 0o644); err != nil {
		return err
	}
	if err := os.Remove(r.Other.Path("/var/lib/mysql/grastate.dat")); err != nil {
		return err
	}
	if _, err := r.Other.Do("rm -f /var/lib/mysql/gvwstate.dat /var/lib/mysql/galera.cache; pkill -KILL -x" +
		" 'mariadbd|mysqld'"); err != nil {
		return err
	}
	lab.Until(40*time.Second, 100*time.Millisecond, func() bool {
		s := r.Victim.Status("wsrep_local_state") + r.Active.Status("wsrep_local_state")
		return s != "44"
	})
	return nil
}
