-- SPDX-License-Identifier: GPL-3.0-or-later
-- Schemas like those of OpenStack services, small, with one of each kind of object that a backup can lose.
CREATE DATABASE keystone CHARACTER SET utf8mb3;
CREATE DATABASE nova CHARACTER SET utf8mb3;
CREATE DATABASE neutron CHARACTER SET utf8mb3;
CREATE DATABASE lab_load CHARACTER SET utf8mb4;

CREATE TABLE keystone.project (
  id VARCHAR(64) PRIMARY KEY,
  name VARCHAR(64) NOT NULL UNIQUE,
  description TEXT,
  enabled BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE TABLE keystone.user (
  id VARCHAR(64) PRIMARY KEY,
  default_project_id VARCHAR(64),
  name VARCHAR(255) NOT NULL,
  extra JSON,
  created_at DATETIME,
  FOREIGN KEY (default_project_id) REFERENCES keystone.project (id)
);

CREATE TABLE nova.instances (
  id INT AUTO_INCREMENT PRIMARY KEY,
  uuid VARCHAR(36) NOT NULL UNIQUE,
  project_id VARCHAR(64),
  hostname VARCHAR(255),
  vm_state VARCHAR(32),
  memory_mb INT,
  created_at DATETIME,
  deleted INT NOT NULL DEFAULT 0,
  KEY instances_project_id_idx (project_id)
);
CREATE TABLE nova.instance_extra (
  instance_uuid VARCHAR(36) PRIMARY KEY,
  flavor TEXT,
  device_metadata BLOB,
  FOREIGN KEY (instance_uuid) REFERENCES nova.instances (uuid)
);
CREATE TABLE nova.quota_usages (
  project_id VARCHAR(64) PRIMARY KEY,
  instances INT NOT NULL DEFAULT 0
);

CREATE TABLE neutron.networks (
  id VARCHAR(36) PRIMARY KEY,
  project_id VARCHAR(64),
  name VARCHAR(255),
  mtu INT NOT NULL DEFAULT 1500
);
CREATE TABLE neutron.ports (
  id VARCHAR(36) PRIMARY KEY,
  network_id VARCHAR(36) NOT NULL,
  mac_address VARCHAR(32) NOT NULL,
  status VARCHAR(16) NOT NULL,
  FOREIGN KEY (network_id) REFERENCES neutron.networks (id)
);

CREATE VIEW nova.active_instances AS
  SELECT uuid, hostname, project_id FROM nova.instances WHERE deleted = 0 AND vm_state = 'active';

DELIMITER //
CREATE TRIGGER nova.count_instances AFTER INSERT ON nova.instances FOR EACH ROW
  INSERT INTO nova.quota_usages (project_id, instances) VALUES (NEW.project_id, 1)
    ON DUPLICATE KEY UPDATE instances = instances + 1//
CREATE PROCEDURE nova.archive_deleted_instances(IN limit_rows INT)
  DELETE FROM nova.instances WHERE deleted <> 0 LIMIT limit_rows//
CREATE FUNCTION nova.instance_count(project VARCHAR(64)) RETURNS INT READS SQL DATA
  RETURN (SELECT COUNT(*) FROM nova.instances WHERE project_id = project)//
CREATE EVENT neutron.purge_down_ports ON SCHEDULE EVERY 1 DAY
  DO DELETE FROM neutron.ports WHERE status = 'PURGE'//
DELIMITER ;

CREATE TABLE lab_load.commits (
  run BIGINT NOT NULL,
  client INT NOT NULL,
  seq INT NOT NULL,
  committed_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  payload VARCHAR(255) NOT NULL,
  PRIMARY KEY (run, client, seq)
);
CREATE TABLE lab_load.services (
  client INT PRIMARY KEY,
  report_count BIGINT NOT NULL,
  last_seen_up TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
);

GRANT SELECT ON nova.* TO nova_reader;
GRANT ALL ON keystone.* TO openstack@'%';
GRANT ALL ON nova.* TO openstack@'%';
GRANT ALL ON neutron.* TO openstack@'%';
GRANT ALL ON lab_load.* TO openstack@'%';
