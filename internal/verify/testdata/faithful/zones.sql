-- Events of a named time zone, and a foreign server.
CREATE DATABASE c_zones;
CREATE SERVER c_server FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'db1', PORT 3307);
INSERT INTO mysql.time_zone VALUES (901, 'N');
INSERT INTO mysql.time_zone_name VALUES ('Case/Zone', 901);
INSERT INTO mysql.time_zone_transition_type VALUES (901, 0, 3600, 0, 'CZT');
INSERT INTO mysql.time_zone_transition VALUES (901, -2147483647, 0);
USE c_zones;
CREATE TABLE t (id INT PRIMARY KEY, at TIMESTAMP DEFAULT '2026-03-29 02:30:00');
SET time_zone = 'Case/Zone';
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2036-12-01 02:00:00' DO DELETE FROM t;
SET time_zone = DEFAULT;
