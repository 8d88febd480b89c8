-- Keys that a dump rounds to one value.
CREATE DATABASE c_float_key;
USE c_float_key;
CREATE TABLE fu (f FLOAT PRIMARY KEY);
INSERT INTO fu VALUES (16777214), (16777215);
