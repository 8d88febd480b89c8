-- A view over a table that was dropped, and a view over that.
-- refused logical: dangling.v
-- warned physical: dangling.v
CREATE DATABASE dangling;
USE dangling;
CREATE TABLE t (id INT PRIMARY KEY);
CREATE VIEW v AS SELECT * FROM t;
CREATE VIEW w AS SELECT * FROM v;
DROP TABLE t;
