-- A server with other names, character sets, modes and zones, and with a binary log.
-- server: --skip-name-resolve --lower-case-table-names=1 --character-set-server=latin2 --collation-server=latin2_czech_cs --innodb-default-row-format=compact --default-time-zone=+05:00 --explicit-defaults-for-timestamp=OFF --sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH --max-allowed-packet=16M --innodb-strict-mode=OFF --log-bin=x --log-slave-updates --gtid-domain-id=1
-- warned logical: far
-- warned physical: far
-- lost logical: ^row_format of world\.
CREATE DATABASE World;
USE World;
CREATE TABLE MixedCase (id INT PRIMARY KEY, at TIMESTAMP DEFAULT '2026-03-29 02:30:00', other TIMESTAMP, c CHAR(9) DEFAULT 'a\');
INSERT INTO mixedcase (id, at) VALUES (1, '2026-01-01 00:00:00');
CREATE VIEW MyView AS SELECT * FROM MIXEDCASE;
CREATE USER far@'db1.example.com';
CREATE TABLE parts (id INT) PARTITION BY RANGE (id) (PARTITION Low VALUES LESS THAN (10), PARTITION High VALUES LESS THAN MAXVALUE);
INSERT INTO parts VALUES (1), (11);
CREATE TRIGGER Tr BEFORE INSERT ON MixedCase FOR EACH ROW SET NEW.c = 'x\';
CREATE EVENT Ev ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' DO SELECT 1;
FLUSH PRIVILEGES;
