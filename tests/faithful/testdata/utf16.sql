-- A server whose defaults for new tables are others.
-- server: --character-set-server=utf16 --collation-server=utf16_bin --innodb-page-size=8k --explicit-defaults-for-timestamp=OFF --default-time-zone=+05:00
CREATE DATABASE defaults;
CREATE TABLE defaults.t (id INT PRIMARY KEY, v VARCHAR(20), ts TIMESTAMP, ts2 TIMESTAMP NULL);
INSERT INTO defaults.t (id, v, ts) VALUES (1, '😀', '2026-03-29 02:30:00');
