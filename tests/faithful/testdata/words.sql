-- Words of SQL in comments and strings.
CREATE DATABASE words;
USE words;
CREATE TABLE vols (id INT PRIMARY KEY COMMENT 'INDEX DIRECTORY = ''/x''', v VARCHAR(80) DEFAULT 'DATA DIRECTORY=''/tmp''')
  COMMENT='path below the DATA DIRECTORY of the array; ENGINE=CONNECT';
INSERT INTO vols VALUES (1, "a';\nDROP TABLE vols; -- /*! x */"), (2, '\\'), (3, 'INSERT INTO `t` VALUES (1);\n-- Dump completed');
CREATE TABLE parts (id INT) COMMENT 'INDEX DIRECTORY' PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (5) COMMENT = 'DATA DIRECTORY ''/x''' ENGINE = InnoDB);
