-- Rows that were there before a constraint that they break.
CREATE DATABASE c_checks;
USE c_checks;
CREATE TABLE t (id INT PRIMARY KEY, n INT);
INSERT INTO t VALUES (1, -5);
SET check_constraint_checks = 0;
ALTER TABLE t ADD CONSTRAINT pos CHECK (n >= 0);
CREATE TABLE u (id INT PRIMARY KEY, n INT CHECK (n > 3));
INSERT INTO u VALUES (1, 1);
SET check_constraint_checks = DEFAULT;
