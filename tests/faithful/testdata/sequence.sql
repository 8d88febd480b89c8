-- Defaults from sequences of a schema that sorts later, and of one another.
CREATE DATABASE before_it;
CREATE DATABASE sequences;
CREATE SEQUENCE sequences.sq INCREMENT BY 0 NOCACHE;
CREATE TABLE before_it.t (id BIGINT NOT NULL DEFAULT NEXTVAL(sequences.sq) PRIMARY KEY);
INSERT INTO before_it.t VALUES (DEFAULT), (DEFAULT);
CREATE SEQUENCE before_it.back START WITH 100 INCREMENT BY 5 NOCACHE;
CREATE TABLE sequences.u (id BIGINT NOT NULL DEFAULT NEXTVAL(before_it.back) PRIMARY KEY);
INSERT INTO sequences.u VALUES (DEFAULT);
