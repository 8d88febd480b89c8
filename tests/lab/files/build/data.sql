-- SPDX-License-Identifier: GPL-3.0-or-later
-- Rows, about @data_mb megabytes, nearly all in nova.instance_extra at 1 KiB a row of text that compresses about 2:1.
SET @rows = GREATEST(@data_mb, 1) * 1000;

INSERT INTO keystone.project
  SELECT MD5(seq), CONCAT('project-', seq), 'Größe ≥ 1, naïve, 東京', seq % 7 <> 0 FROM mysql.seq_1_to_50;
INSERT INTO keystone.user
  SELECT MD5(CONCAT('user', seq)), MD5(1 + seq % 50), CONCAT('user-', seq), JSON_OBJECT('email', CONCAT('user', seq, '@example.org')), NOW()
  FROM mysql.seq_1_to_500;
INSERT INTO nova.instances (uuid, project_id, hostname, vm_state, memory_mb, created_at, deleted)
  SELECT UUID(), MD5(1 + seq % 50), CONCAT('vm-', seq), ELT(1 + seq % 3, 'active', 'stopped', 'error'), 512 << (seq % 5), NOW(), seq % 11 = 0
  FROM mysql.seq_1_to_4000000 WHERE seq <= @rows;
INSERT INTO nova.instance_extra
  SELECT uuid, CONCAT('{"cur": {"name": "', REPEAT(MD5(id), 12), '", "extra": "', SHA2(RAND(), 512), '"}}'), RANDOM_BYTES(256)
  FROM nova.instances;
INSERT INTO neutron.networks
  SELECT UUID(), MD5(1 + seq % 50), CONCAT('net-', seq), 1450 FROM mysql.seq_1_to_100;
INSERT INTO neutron.ports
  SELECT UUID(), n.id, LEFT(MD5(CONCAT(n.id, s.seq)), 12), ELT(1 + s.seq % 2, 'ACTIVE', 'DOWN')
  FROM neutron.networks AS n, mysql.seq_1_to_20 AS s;
