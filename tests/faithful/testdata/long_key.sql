-- Tables made while another row format was the default.
-- server: --innodb-default-row-format=compact --innodb-strict-mode=OFF
-- lost logical: ^row_format of longkey\.c
SET GLOBAL innodb_default_row_format = DYNAMIC;
CREATE DATABASE longkey;
CREATE TABLE longkey.t (id INT PRIMARY KEY, v VARCHAR(255) CHARACTER SET utf8mb4, w VARCHAR(400) CHARACTER SET utf8mb4 NOT NULL, KEY (v), UNIQUE KEY (w));
INSERT INTO longkey.t VALUES (1, REPEAT('x', 255), 'y');
SET GLOBAL innodb_default_row_format = COMPACT;
CREATE TABLE longkey.c (id INT PRIMARY KEY, v VARCHAR(100));
