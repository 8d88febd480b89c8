-- History that is told by transactions, which no dump has.
-- server: --sync-binlog=0
-- warned logical: by_trx.t
-- lost logical: ^(row of|rows of|checksum of) by_trx\.
CREATE DATABASE by_trx;
CREATE TABLE by_trx.t (id INT PRIMARY KEY, v INT, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
INSERT INTO by_trx.t (id, v) VALUES (1, 1);
UPDATE by_trx.t SET v = 2;
CREATE TABLE by_trx.plain (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
INSERT INTO by_trx.plain VALUES (1, 1);
UPDATE by_trx.plain SET v = 2;
