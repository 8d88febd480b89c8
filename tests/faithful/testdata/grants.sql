-- Accounts with grants on a table, columns, a routine and a view; roles; a grant with the option to give it on.
-- noted logical: its object does not exist, so it was not granted
-- lost logical: ^grant on table .* lasts 
CREATE DATABASE granted;
USE granted;
CREATE TABLE t (id INT PRIMARY KEY, secret VARCHAR(20));
INSERT INTO t VALUES (1, 'x');
CREATE VIEW v AS SELECT id FROM t;
CREATE PROCEDURE p() SELECT 1;
CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
CREATE ROLE reader;
CREATE USER g1@'%' IDENTIFIED BY 'pass1', 'g`3'@localhost IDENTIFIED VIA unix_socket;
CREATE USER g2@'10.0.0.%' REQUIRE SSL;
GRANT SELECT ON granted.t TO g1@'%';
GRANT SELECT (id), UPDATE (secret) ON granted.t TO g2@'10.0.0.%' WITH GRANT OPTION;
GRANT EXECUTE ON PROCEDURE granted.p TO g2@'10.0.0.%';
GRANT EXECUTE ON FUNCTION granted.f TO reader;
GRANT SELECT ON granted.v TO reader;
GRANT reader TO g1@'%' WITH ADMIN OPTION;
SET DEFAULT ROLE reader FOR g1@'%';
CREATE USER lasts@localhost;
CREATE TABLE gone (id INT PRIMARY KEY);
GRANT SELECT ON granted.gone TO lasts@localhost;
DROP TABLE gone;
CREATE DEFINER = g1@'%' VIEW mine AS SELECT id FROM t;
CREATE DEFINER = reader FUNCTION of_role() RETURNS INT RETURN 2;
CREATE DEFINER = nobody@nowhere PROCEDURE of_nobody() SELECT 1;
