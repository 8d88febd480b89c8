-- A key of FLOAT: two values are one in a dump.
-- warned logical: keyed.f
-- unusable logical: keyed
CREATE DATABASE keyed;
CREATE TABLE keyed.f (f FLOAT PRIMARY KEY);
INSERT INTO keyed.f VALUES (16777214), (16777215);
