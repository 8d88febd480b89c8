-- A key of FLOAT: two values are one in a dump.
-- unusable logical: a key of keyed.f that must be unique has a value twice
-- unusable logical: does not load: backup.sql.zst, line
-- warned logical: keyed.f
-- unusable logical: keyed
CREATE DATABASE keyed;
CREATE TABLE keyed.f (f FLOAT PRIMARY KEY);
INSERT INTO keyed.f VALUES (16777214), (16777215);
