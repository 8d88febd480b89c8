-- A row with 0 in an AUTO_INCREMENT column.
CREATE DATABASE zeroes;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
CREATE TABLE zeroes.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
INSERT INTO zeroes.t VALUES (0, 1), (5, 2);
