-- Undo logs of their own, truncated, and a system tablespace of two files.
-- server: --innodb-undo-tablespaces=3 --innodb-data-file-path=first:12M;second:10M:autoextend
CREATE DATABASE undone;
CREATE TABLE undone.t (id INT PRIMARY KEY, v VARCHAR(100));
USE undone;
INSERT INTO undone.t SELECT seq, REPEAT('x', 90) FROM seq_1_to_2000;
UPDATE undone.t SET v = 'y';
