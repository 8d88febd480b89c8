-- Views and tables that the server cannot open, left out of a dump.
-- broken: leave_out
-- shell: cp $DATA/partly/keep.frm $DATA/partly/lost.frm && echo x >$DATA/partly/junk.frm
-- warned logical: partly.v
-- warned logical: partly.lost
-- noted logical: its object does not exist, so it was not granted
-- noted physical: was so when it was backed up
-- lost logical: ^(definition|row_format|rows|row|checksum) of partly\.(v|w|lost|junk)\b
-- lost logical: ^grant on table .* ofview 
CREATE DATABASE partly;
USE partly;
CREATE TABLE keep (id INT PRIMARY KEY);
INSERT INTO keep VALUES (1);
CREATE TABLE t (id INT PRIMARY KEY);
CREATE VIEW v AS SELECT * FROM t;
CREATE VIEW w AS SELECT * FROM v;
CREATE VIEW fine AS SELECT * FROM keep;
CREATE PROCEDURE p() SELECT * FROM v;
CREATE USER ofview@localhost;
GRANT SELECT ON partly.v TO ofview@localhost;
CREATE FUNCTION f() RETURNS INT RETURN (SELECT COUNT(*) FROM v);
DROP TABLE t;
