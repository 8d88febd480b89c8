-- A definition without a table.
-- shell: cp $DATA/orphans/keep.frm $DATA/orphans/lost.frm
-- warned physical: orphans.lost
-- noted physical: orphans.lost
-- refused logical: orphans.lost
CREATE DATABASE orphans;
CREATE TABLE orphans.keep (id INT PRIMARY KEY);
INSERT INTO orphans.keep VALUES (1);
