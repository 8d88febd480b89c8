-- A row whose statement is longer than a server takes by default.
-- slow: yes
-- server: --max-allowed-packet=1G --innodb-log-file-size=512M
CREATE DATABASE vast;
CREATE TABLE vast.big (id INT PRIMARY KEY, b LONGBLOB);
INSERT INTO vast.big VALUES (1, REPEAT('x', 40*1024*1024)), (2, 'y');
