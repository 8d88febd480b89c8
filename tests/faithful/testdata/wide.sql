-- A table that is wider than strict mode allows.
SET innodb_strict_mode = 0;
SET SESSION sql_mode = '';
CREATE DATABASE broad;
USE broad;
SET @columns = (SELECT GROUP_CONCAT('c', seq, ' VARCHAR(60)' SEPARATOR ', ') FROM seq_1_to_197);
SET @sql = CONCAT('CREATE TABLE wide (id INT PRIMARY KEY, ', @columns, ') CHARSET utf8mb4');
PREPARE s FROM @sql;
EXECUTE s;
INSERT INTO wide (id, c1) VALUES (1, 'x');
