-- A table with the default row format of MariaDB before 10.2.
-- lost logical: ^row_format of formerly\.old
SET @before = @@GLOBAL.innodb_default_row_format;
SET GLOBAL innodb_default_row_format = COMPACT;
CREATE DATABASE formerly;
CREATE TABLE formerly.old (id INT PRIMARY KEY, v VARCHAR(100));
INSERT INTO formerly.old VALUES (1, 'x');
SET GLOBAL innodb_default_row_format = REDUNDANT;
CREATE TABLE formerly.older (id INT PRIMARY KEY, v VARCHAR(100));
SET GLOBAL innodb_default_row_format = @before;
CREATE TABLE formerly.told (id INT PRIMARY KEY, v VARCHAR(100)) ROW_FORMAT=COMPACT;
