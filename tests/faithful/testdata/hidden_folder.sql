-- A hidden folder in the datadir, which is the home of the server's user: mbstream stops at what the tool writes for one.
-- shell: mkdir -p $DATA/.cache/dconf $DATA/.full && echo x >$DATA/.full/x
-- refused physical: hidden folders without a file
-- lost logical: ^schema #mysql50#\.(cache|full)
CREATE DATABASE behind;
CREATE TABLE behind.t (id INT PRIMARY KEY);
