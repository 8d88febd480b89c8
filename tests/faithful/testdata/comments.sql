-- Comments of all three kinds in the bodies of programs.
CREATE DATABASE remarks;
USE remarks;
CREATE TABLE t (id INT PRIMARY KEY);
DELIMITER //
CREATE PROCEDURE p() -- before the body
BEGIN -- to the end of the line
  # another kind
  SELECT 1 /* within */ + /* two; of them */ 2;
  -- 'an apostrophe
END//
CREATE FUNCTION f() RETURNS INT DETERMINISTIC /* before */ RETURN 1 -- behind
//
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN
  -- why; it is so
  SET NEW.id = NEW.id; # done
END//
CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR STARTS '2036-01-01 00:00:00' DO BEGIN
  /* nothing to do
     here */
  DO 1;
END//
DELIMITER ;
