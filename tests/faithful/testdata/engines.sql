-- Tables that Galera does not replicate.
-- warned logical: mixed.isam
-- warned physical: mixed.isam
CREATE DATABASE mixed;
USE mixed;
CREATE TABLE isam (id INT PRIMARY KEY, v TEXT) ENGINE=MyISAM;
INSERT INTO isam VALUES (1, 'x');
CREATE TABLE aria (id INT PRIMARY KEY, v TEXT) ENGINE=Aria;
INSERT INTO aria VALUES (1, 'x');
