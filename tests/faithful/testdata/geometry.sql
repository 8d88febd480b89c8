-- A NOT NULL geometry of no bytes, which is no geometry that a statement can give.
-- unusable logical: does not load: backup.sql.zst, line
-- warned logical: places.maps
-- unusable logical: places.maps
CREATE DATABASE places;
USE places;
CREATE TABLE maps (id INT PRIMARY KEY);
INSERT INTO maps VALUES (1), (2);
ALTER TABLE maps ADD COLUMN loc POINT NOT NULL;
CREATE TABLE fine (id INT PRIMARY KEY, loc POINT NOT NULL, SPATIAL KEY (loc));
INSERT INTO fine VALUES (1, POINT(1, 2));
