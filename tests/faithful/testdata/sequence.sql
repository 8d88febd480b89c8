-- Defaults from sequences of a schema that sorts later, and of one another.
CREATE DATABASE before_it;
CREATE DATABASE sequences;
CREATE SEQUENCE sequences.sq INCREMENT BY 0 NOCACHE;
CREATE TABLE before_it.t (id BIGINT NOT NULL DEFAULT NEXTVAL(sequences.sq) PRIMARY KEY);
INSERT INTO before_it.t VALUES (DEFAULT), (DEFAULT);
CREATE SEQUENCE before_it.back START WITH 100 INCREMENT BY 5 NOCACHE;
CREATE TABLE sequences.u (id BIGINT NOT NULL DEFAULT NEXTVAL(before_it.back) PRIMARY KEY);
INSERT INTO sequences.u VALUES (DEFAULT);
CREATE DATABASE third_of_it CHARACTER SET latin1 COLLATE latin1_german1_ci;
CREATE SEQUENCE before_it.`own``s` NOCACHE;
CREATE SEQUENCE third_of_it.sq NOCACHE;
CREATE TABLE before_it.more (id BIGINT NOT NULL DEFAULT NEXTVAL(third_of_it.sq) PRIMARY KEY,
  b BIGINT DEFAULT (NEXT VALUE FOR before_it.`own``s`), c BIGINT DEFAULT (PREVIOUS VALUE FOR third_of_it.sq));
INSERT INTO before_it.more (id) VALUES (5), (NEXTVAL(third_of_it.sq));
CREATE TABLE third_of_it.u (a BIGINT DEFAULT NEXTVAL(before_it.`own``s`));
