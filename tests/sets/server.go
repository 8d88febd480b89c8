// SPDX-License-Identifier: GPL-3.0-or-later

// Package sets has the fixtures of several packages: a real server, and sets of it as galera_backup writes them, which
// a test may copy, damage and forge.
package sets

import (
	"errors"
	"strings"
	"time"

	"overcloud.backup/tests/mariadbd"
)

// Server is a real one-node Galera cluster on a unix socket.
type Server struct {
	*mariadbd.Server
	// users is the file of accounts of its sets; if empty, they have the server's own accounts.
	users string
}

// someUsers has an account that differs from the one on the set's server.
const someUsers = "CREATE USER IF NOT EXISTS `nova`@`localhost` IDENTIFIED BY PASSWORD" +
	" '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7';\nCREATE ROLE IF NOT EXISTS `reader`;\n" +
	"CREATE USER IF NOT EXISTS `root`@`localhost`;\nALTER USER IF EXISTS `root`@`localhost` IDENTIFIED BY PASSWORD" +
	" '*9F41B36FDD383F6F7523A10C2C133FC2B190A1EA';\n" +
	"GRANT ALL ON `nova`.* TO `nova`@`localhost`;\nGRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION;\n"

// filling has everything that is part of a fingerprint, definers other than root, and names that need quotes.
const filling = `CREATE DATABASE nova; CREATE DATABASE empty; USE nova;
	CREATE USER nova@localhost IDENTIFIED BY 'secret'; GRANT ALL ON nova.* TO nova@localhost;
	CREATE ROLE reader; GRANT SELECT ON nova.* TO reader;
	CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), UNIQUE KEY (name));
	CREATE TABLE t (id INT PRIMARY KEY, b LONGTEXT, p INT, FOREIGN KEY (p) REFERENCES parent (id));
	CREATE TABLE ` + "`odd ``name; -- %`" + ` (c CHAR(36) PRIMARY KEY, j JSON, g INT AS (n + 1) STORED, n INT)
	PARTITION BY KEY (c) PARTITIONS 3;
	INSERT INTO parent (name) VALUES ('a'), ('b');
	INSERT INTO t SELECT seq, REPEAT(SHA2(seq, 512), 200), 1 + seq MOD 2 FROM seq_1_to_800;
	INSERT INTO ` + "`odd ``name; -- %`" + ` (c, j) SELECT UUID(), '{}' FROM seq_1_to_50;
	CREATE DEFINER = nova@localhost VIEW v AS SELECT id, p FROM t;
	CREATE DEFINER = nova@localhost TRIGGER r BEFORE INSERT ON parent FOR EACH ROW SET NEW.name = LOWER(NEW.name);
	CREATE DEFINER = nova@localhost FUNCTION f (n INT) RETURNS INT DETERMINISTIC RETURN n + 1;
	CREATE DEFINER = nova@localhost EVENT e ON SCHEDULE EVERY 1 SECOND DO DELETE FROM nova.t;
	CREATE SEQUENCE sq NOCACHE`

func (s *Server) fill() error {
	if _, err := s.SQL(filling); err != nil {
		return err
	}
	return s.Flush()
}

// Flush waits until all pages are on disk: the redo log repairs a damaged page that it still contains.
func (s *Server) Flush() error {
	if _, err := s.SQL("SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0, innodb_max_dirty_pages_pct = 0"); err != nil {
		return err
	}
	for range 100 {
		dirty, err := s.SQL("SHOW STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")
		if err != nil || strings.HasSuffix(dirty, "\t0") {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the pages stay dirty")
}
