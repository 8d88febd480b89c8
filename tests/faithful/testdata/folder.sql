-- A folder in the datadir that no CREATE DATABASE made.
-- shell: mkdir $DATA/old_dumps && echo x >$DATA/old_dumps/dump.sql
-- warned physical: old_dumps
-- noted physical: old_dumps
-- lost physical: ^schema old_dumps
CREATE DATABASE beside;
CREATE TABLE beside.t (id INT PRIMARY KEY);
