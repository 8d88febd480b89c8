-- A geometry of no bytes, as an ALTER TABLE of a server that was not strict leaves it.
CREATE DATABASE c_geometry;
USE c_geometry;
SET sql_mode = '';
CREATE TABLE maps (id INT PRIMARY KEY);
INSERT INTO maps VALUES (1), (2);
ALTER TABLE maps ADD COLUMN loc POINT NOT NULL;
SET sql_mode = DEFAULT;
