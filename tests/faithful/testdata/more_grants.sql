-- Grants on packages, sequences and what is not there, accounts with odd names, roles that administer roles.
CREATE DATABASE othergrants;
USE othergrants;
SET sql_mode=ORACLE;
DELIMITER //
CREATE PACKAGE pkg AS
  FUNCTION one RETURN INT;
END;
//
CREATE PACKAGE BODY pkg AS
  FUNCTION one RETURN INT AS BEGIN RETURN 1; END;
END;
//
DELIMITER ;
SET sql_mode=DEFAULT;
CREATE SEQUENCE sq NOCACHE;
CREATE TABLE t (id INT PRIMARY KEY, `a``b` INT, `c,d` INT);
CREATE USER pk@localhost, `tab	nl
x`@localhost, up@'HOST.Example', `percent%`@'%', ''@localhost, `same`@'10.0.0.0/255.255.255.0';
SET sql_mode=ORACLE; GRANT EXECUTE ON PACKAGE pkg TO pk@localhost;
SET sql_mode=ORACLE; GRANT EXECUTE ON PACKAGE BODY pkg TO pk@localhost;
SET sql_mode=DEFAULT; GRANT SELECT, INSERT ON sq TO pk@localhost;
GRANT SELECT (`a``b`), INSERT (`c,d`), REFERENCES (id) ON t TO `tab	nl
x`@localhost;
GRANT DELETE HISTORY, SHOW VIEW, TRIGGER ON t TO up@'HOST.Example' WITH GRANT OPTION;
GRANT SELECT ON othergrants.* TO PUBLIC;
GRANT SELECT ON t TO PUBLIC;
CREATE ROLE r1 WITH ADMIN pk@localhost;
CREATE ROLE r2; GRANT r2 TO r1 WITH ADMIN OPTION;
GRANT r2 TO up@'HOST.Example';
GRANT ALTER ROUTINE, EXECUTE ON othergrants.* TO r2;
GRANT SELECT ON nowhere.* TO r2;
GRANT CREATE ON nowhere.t TO r2;
CREATE USER named_very_long_name_of_an_account_that_is_as_long_as_it_may_be_012345678901234567@'%';
GRANT ALL PRIVILEGES ON *.* TO `percent%`@'%' IDENTIFIED BY 'x' REQUIRE SSL WITH GRANT OPTION MAX_QUERIES_PER_HOUR 4;
GRANT FEDERATED ADMIN, SLAVE MONITOR, READ_ONLY ADMIN, BINLOG ADMIN, SET USER ON *.* TO up@'HOST.Example';
