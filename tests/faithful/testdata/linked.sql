-- A schema whose folder is a link to another place.
-- server: --innodb-flush-method=fsync
-- shell: mkdir $DATA/../elsewhere && mv $DATA/linked $DATA/../elsewhere/ && ln -s $DATA/../elsewhere/linked $DATA/linked
CREATE DATABASE linked;
CREATE TABLE linked.t (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO linked.t VALUES (1, 'x');
CREATE PROCEDURE linked.p() SELECT 1;
FLUSH TABLES linked.t;
