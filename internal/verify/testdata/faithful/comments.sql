-- Comments in the bodies of programs.
CREATE DATABASE c_comments;
USE c_comments;
CREATE TABLE t (id INT PRIMARY KEY, a INT);
DELIMITER ;;
CREATE PROCEDURE p() BEGIN -- dash
  # hash
  /* star; ' */
  SELECT 1; -- at the end
END ;;
CREATE FUNCTION f(/* in */ n INT) RETURNS INT DETERMINISTIC BEGIN /* a */ RETURN n; /* b */ END ;;
CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW BEGIN -- dash
  # it's a hash
  /* star */ SET NEW.a = 1; END ;;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN -- dash
  # hash
  /* star */ DELETE FROM t; END ;;
SET sql_mode = ORACLE ;;
CREATE PACKAGE k AS -- dash
  PROCEDURE a; # hash
END ;;
CREATE PACKAGE BODY k AS /* star */
  PROCEDURE a AS BEGIN NULL; -- dash
  END;
END ;;
SET sql_mode = DEFAULT ;;
DELIMITER ;
CREATE VIEW v AS SELECT /* gone in any server */ 1 AS a;
