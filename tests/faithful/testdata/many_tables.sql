-- More tables than the server may have open at once.
-- slow: yes
-- server: --table-open-cache=200 --open-files-limit=512 --innodb-open-files=100
CREATE DATABASE many;
DELIMITER //
CREATE PROCEDURE many.fill() BEGIN
  FOR i IN 1..1000 DO
    EXECUTE IMMEDIATE CONCAT('CREATE TABLE many.t', i, ' (id INT PRIMARY KEY, v INT, KEY (v))');
  END FOR;
END//
DELIMITER ;
CALL many.fill();
INSERT INTO many.t7 VALUES (1, 2);
