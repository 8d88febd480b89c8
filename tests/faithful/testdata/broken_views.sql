-- Views over a column and a function that were dropped, and one that the server itself wrote wrong.
-- refused logical: brokens.col
-- refused logical: brokens.func
-- refused logical: brokens.wrong
-- warned physical: brokens.col
CREATE DATABASE brokens;
USE brokens;
CREATE TABLE t (id INT PRIMARY KEY, v INT);
CREATE VIEW col AS SELECT v FROM t;
CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
CREATE VIEW func AS SELECT f() x;
DROP FUNCTION f;
ALTER TABLE t DROP COLUMN v;
CREATE USER norights@localhost;
CREATE DEFINER=norights@localhost VIEW rights AS SELECT id FROM t;
CREATE FUNCTION g() RETURNS INT RETURN (SELECT COUNT(*) FROM nowhere.t);
CREATE TABLE sv (id INT PRIMARY KEY) WITH SYSTEM VERSIONING;
CREATE VIEW wrong AS SELECT id FROM sv FOR SYSTEM_TIME BETWEEN '2026-01-01' AND NOW();
CREATE VIEW fine AS SELECT g() x;
