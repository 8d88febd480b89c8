-- FLOAT is printed with 6 digits.
-- warned logical: rounded.f
-- lost logical: ^(row of|rows of|checksum of) rounded\.f\b
CREATE DATABASE rounded;
USE rounded;
CREATE TABLE f (id INT PRIMARY KEY, f FLOAT);
INSERT INTO f VALUES (1, 123456789), (2, 1.2345678), (3, 16777217);
CREATE TABLE well (id INT PRIMARY KEY, f FLOAT, d DOUBLE);
INSERT INTO well VALUES (1, 16, 1e0/3), (2, 1.5, 0.1), (3, 0.1, 1e300), (4, NULL, NULL);
