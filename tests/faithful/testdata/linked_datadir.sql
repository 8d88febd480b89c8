-- A datadir that is a link to another place.
-- before: [ -e $DIR/data ] || { mkdir $DIR/real && ln -s $DIR/real $DIR/data; }
-- server: --innodb-file-per-table=ON
CREATE DATABASE moved;
CREATE TABLE moved.t (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO moved.t VALUES (1, 'x');
