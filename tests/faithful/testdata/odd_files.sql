-- Definitions that are none, triggers without a table, a schema without its db.opt, and a table in a folder that is no schema.
-- shell: cd $DATA/lies && : >empty.frm && echo garbage >junk.frm && echo x >lost.TRG && echo 'TYPE=TRIGGERNAME' >lost.TRN && rm db.opt && mkdir ../logs ../with-dash && echo y >../logs/keep.log && mkdir -p ../only_sub/deep && : > ../aria_extra.txt && cp keep.frm ../logs/real.frm
-- warned physical: lies.empty
-- refused logical: lies.empty
CREATE DATABASE lies;
CREATE TABLE lies.keep (id INT PRIMARY KEY);
INSERT INTO lies.keep VALUES (1);
