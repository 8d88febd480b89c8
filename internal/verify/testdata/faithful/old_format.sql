-- A table of before MariaDB 10.2, whose row format is no option of it.
CREATE DATABASE c_old_format;
USE c_old_format;
SET @before = @@GLOBAL.innodb_default_row_format;
SET GLOBAL innodb_default_row_format = COMPACT;
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100));
SET GLOBAL innodb_default_row_format = @before;
INSERT INTO t VALUES (1, 'x');
