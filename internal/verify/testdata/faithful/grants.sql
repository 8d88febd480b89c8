-- Accounts with rights on a table, a column, a routine, and on a table that is gone.
CREATE DATABASE c_grants;
USE c_grants;
CREATE TABLE t (id INT PRIMARY KEY, a INT);
CREATE TABLE gone (id INT PRIMARY KEY);
CREATE PROCEDURE p() SELECT 1;
CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
CREATE USER c_grants1@'%', c_grants2@'db1.example.com', c_grants3@localhost;
CREATE ROLE c_grants_role;
GRANT SELECT ON t TO c_grants1@'%';
GRANT UPDATE (a) ON t TO c_grants1@'%';
GRANT EXECUTE ON PROCEDURE p TO c_grants1@'%';
GRANT EXECUTE ON FUNCTION f TO c_grants_role;
GRANT c_grants_role TO c_grants2@'db1.example.com';
GRANT SELECT ON gone TO c_grants3@localhost;
DROP TABLE gone;
CREATE DEFINER = c_grants1@'%' VIEW v AS SELECT a FROM t;
CREATE DEFINER = c_grants_role FUNCTION g() RETURNS INT RETURN 2;
CREATE DEFINER = nobody@nowhere PROCEDURE q() SELECT 1;
