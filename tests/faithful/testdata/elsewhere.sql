-- Undo and redo logs outside of the datadir.
-- before: mkdir -p $DIR/undo $DIR/redo
-- server: --innodb-undo-directory=$DIR/undo --innodb-undo-tablespaces=3 --innodb-log-group-home-dir=$DIR/redo
CREATE DATABASE away;
CREATE TABLE away.t (id INT PRIMARY KEY, v VARCHAR(100));
USE away;
INSERT INTO away.t SELECT seq, REPEAT('x', 90) FROM seq_1_to_2000;
UPDATE away.t SET v = 'y';
