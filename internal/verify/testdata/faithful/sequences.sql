-- Defaults from sequences of schemas that are dumped later, earlier, and of the table's own.
CREATE DATABASE c_sequences2;
CREATE DATABASE c_sequences1 CHARACTER SET latin1 COLLATE latin1_german1_ci;
CREATE DATABASE c_sequences3 CHARACTER SET latin1 COLLATE latin1_german1_ci;
CREATE SEQUENCE c_sequences1.sq NOCACHE;
CREATE SEQUENCE c_sequences2.`own``s` NOCACHE;
CREATE SEQUENCE c_sequences3.sq NOCACHE;
CREATE TABLE c_sequences2.t (id BIGINT NOT NULL DEFAULT NEXTVAL(c_sequences3.sq) PRIMARY KEY, a BIGINT DEFAULT NEXTVAL(c_sequences1.sq),
  b BIGINT DEFAULT (NEXT VALUE FOR c_sequences2.`own``s`), c BIGINT DEFAULT (PREVIOUS VALUE FOR c_sequences3.sq));
INSERT INTO c_sequences2.t (id) VALUES (5), (NEXTVAL(c_sequences3.sq));
CREATE TABLE c_sequences3.u (a BIGINT DEFAULT NEXTVAL(c_sequences2.`own``s`));
