-- A binary log, GTIDs of Galera, encrypted connections alone.
-- server: --log-bin=mariadb-bin --wsrep-gtid-mode=ON --wsrep-gtid-domain-id=7 --log-slave-updates --gtid-domain-id=8 --server-id=3 --require-secure-transport=ON
CREATE DATABASE logged;
CREATE TABLE logged.t (id INT PRIMARY KEY);
INSERT INTO logged.t VALUES (1);
