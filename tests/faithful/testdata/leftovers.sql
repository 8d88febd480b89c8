-- What crashes and people leave in a datadir.
-- shell: cd $DATA/left && echo x >note.txt && mkdir sub && cp keep.frm '#sql-1a2b_3.frm' && cp keep.ibd '#sql-ib99.ibd' && echo x >odd.MYD && mkdir -p ../lost+found ../tmp && echo x >../tmp/x && cp keep.frm ../stray.frm
-- warned physical: #sql
-- warned physical: tmp
-- noted physical: tmp
-- lost physical: ^schema tmp
-- lost logical: ^schema #mysql50#lost
CREATE DATABASE left_empty;
CREATE DATABASE `left`;
CREATE TABLE `left`.keep (id INT PRIMARY KEY);
INSERT INTO `left`.keep VALUES (1);
