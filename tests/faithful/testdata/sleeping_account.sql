-- An account with a host name, which a server that resolves none ignores.
-- server: --skip-name-resolve
-- warned logical: svc
-- warned physical: svc
CREATE USER svc@'db1.example.com' IDENTIFIED BY 'x';
CREATE USER awake@'192.0.2.%' IDENTIFIED BY 'y';
CREATE DATABASE sleepers;
CREATE TABLE sleepers.t (id INT PRIMARY KEY);
GRANT SELECT ON sleepers.t TO svc@'db1.example.com';
FLUSH PRIVILEGES;
