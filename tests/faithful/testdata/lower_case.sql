-- A server that takes names in lower case.
-- server: --lower-case-table-names=1
CREATE DATABASE Lower;
CREATE TABLE Lower.MixedCase (id INT PRIMARY KEY);
CREATE VIEW Lower.V AS SELECT * FROM Lower.MixedCase;
INSERT INTO Lower.MixedCase VALUES (1);
