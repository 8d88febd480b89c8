-- A table without its tablespace.
-- warned physical: torn.t
-- noted physical: torn.t
-- refused logical: torn.t
CREATE DATABASE torn;
CREATE TABLE torn.t (id INT PRIMARY KEY);
CREATE TABLE torn.well (id INT PRIMARY KEY);
ALTER TABLE torn.t DISCARD TABLESPACE;
