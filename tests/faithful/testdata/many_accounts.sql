-- Thousands of accounts.
-- slow: yes
-- server: --skip-name-resolve=OFF
USE mysql;
INSERT INTO mysql.global_priv (Host, User, Priv) SELECT '10.0.0.%', CONCAT('u', seq),
  JSON_OBJECT('access', 0, 'plugin', 'mysql_native_password', 'authentication_string', CONCAT('*', SHA1(seq)), 'password_last_changed', 1764000000) FROM seq_1_to_2000;
CREATE DATABASE shared;
INSERT INTO mysql.db (Host, Db, User, Select_priv) SELECT '10.0.0.%', 'shared', CONCAT('u', seq), 'Y' FROM seq_1_to_2000;
FLUSH PRIVILEGES;
