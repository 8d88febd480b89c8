-- SPDX-License-Identifier: GPL-3.0-or-later
-- Accounts. root stays with unix_socket only, as Debian installs it.
EXECUTE IMMEDIATE CONCAT("CREATE USER clustercheck@localhost IDENTIFIED BY '", @clustercheck_password, "'");
GRANT PROCESS ON *.* TO clustercheck@localhost;

EXECUTE IMMEDIATE CONCAT("CREATE USER openstack@'%' IDENTIFIED BY '", @openstack_password, "'");

CREATE ROLE nova_reader;
CREATE USER reporter@'10.%' IDENTIFIED BY 'it''s a "100%" p#ssword';
GRANT nova_reader TO reporter@'10.%';
SET DEFAULT ROLE nova_reader FOR reporter@'10.%';
