-- Generated columns and defaults whose values depend on settings of the server.
-- server: --default-week-format=3 --div-precision-increment=9 --lc-time-names=de_DE --group-concat-max-len=50
CREATE DATABASE gens;
USE gens;
CREATE TABLE t (id INT PRIMARY KEY, d DATE, a INT, b INT, q DECIMAL(30,15) AS (a / b) STORED);
INSERT INTO t (id, d, a, b) VALUES (1, '2027-01-01', 1, 3);
CREATE TABLE v (id INT PRIMARY KEY, d DATE, w INT AS (WEEK(d)) VIRTUAL, n VARCHAR(30) AS (DAYNAME(d)) VIRTUAL);
INSERT INTO v (id, d) VALUES (1, '2027-01-01');
CREATE TABLE def (id INT PRIMARY KEY, q DECIMAL(30,15) DEFAULT (1/3), c CHAR(30) DEFAULT (DAYNAME('2027-01-01')));
CREATE TABLE s (id INT PRIMARY KEY, d DATE, w INT AS (WEEK(d, 3)) STORED, x VARCHAR(40) AS (CONCAT(d, _latin1'x', 'é')) STORED, KEY (x(5)));
INSERT INTO s (id, d) VALUES (1, '2027-01-01');
