-- Rows that break a CHECK, a foreign key and a NOT NULL that came later.
CREATE DATABASE broken_rules;
USE broken_rules;
CREATE TABLE t (id INT PRIMARY KEY, n INT);
INSERT INTO t VALUES (1, -5);
SET check_constraint_checks = 0;
ALTER TABLE t ADD CONSTRAINT pos CHECK (n >= 0);
SET check_constraint_checks = 1;
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id));
SET foreign_key_checks = 0;
INSERT INTO child VALUES (1, 7);
SET foreign_key_checks = 1;
CREATE TABLE gen (id INT PRIMARY KEY, v INT, g INT AS (v * 2) VIRTUAL, s INT AS (v * 3) STORED, KEY (g));
INSERT INTO gen (id, v) VALUES (1, 5);
SET sql_mode = '';
CREATE TABLE zero (id INT PRIMARY KEY, d DATE NOT NULL DEFAULT '0000-00-00', e ENUM('a','b') NOT NULL);
INSERT INTO zero VALUES (0, '0000-00-00', 'c'), (1, '2026-02-00', '');
