-- Time zones, an event in one, a federated server; a routine in the schema mysql, which only files keep.
-- warned logical: dba_note
-- lost logical: ^procedure mysql\.dba_note
INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1, 'N');
INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Europe/Berlin', 1);
INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation) VALUES (1, 0, 3600, 0, 'CET'), (1, 1, 7200, 1, 'CEST');
INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) VALUES (1, 1774746000, 1), (1, 1792890000, 0);
FLUSH TABLES;
CREATE SERVER fed FOREIGN DATA WRAPPER mysql OPTIONS (HOST '192.0.2.7', USER 'it''s', PASSWORD 'p\\w', PORT 3307, DATABASE 'd');
CREATE PROCEDURE mysql.dba_note() SELECT 1;
CREATE DATABASE zoned;
CREATE TABLE zoned.t (id INT PRIMARY KEY, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
SET time_zone = 'Europe/Berlin';
CREATE EVENT zoned.ev ON SCHEDULE EVERY 1 DAY STARTS '2036-12-01 02:00:00' DO DELETE FROM zoned.t;
