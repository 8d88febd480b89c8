// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"context"
	"fmt"
	"slices"

	"overcloud.backup/internal/mariadb"
)

// settings are the variables that decide which data a server accepts, what its statements mean, and where its files
// are. Older servers lack some.
var settings = []string{
	// The meaning of statements, and which rows and tables are valid.
	"sql_mode", "old_mode", "time_zone", "system_time_zone", "lower_case_table_names", "lower_case_file_system",
	"character_set_server", "collation_server", "character_set_collations", "check_constraint_checks",
	"explicit_defaults_for_timestamp", "mysql56_temporal_format", "default_week_format", "group_concat_max_len",
	"system_versioning_alter_history", "system_versioning_asof", "system_versioning_insert_history",
	"auto_increment_increment", "auto_increment_offset", "max_allowed_packet", "event_scheduler", "ft_min_word_len",
	// How tables are kept.
	"default_storage_engine", "enforce_storage_engine", "innodb_page_size", "innodb_default_row_format",
	"innodb_strict_mode", "innodb_file_format", "innodb_file_per_table", "innodb_large_prefix",
	"innodb_ft_min_token_size",
	"innodb_ft_max_token_size", "innodb_compression_algorithm", "innodb_compression_default", "innodb_encrypt_tables",
	"innodb_encrypt_log", "innodb_checksum_algorithm", "innodb_instant_alter_column_allowed", "aria_encrypt_tables",
	// Paths of files.
	"innodb_data_home_dir", "innodb_data_file_path", "innodb_log_group_home_dir", "innodb_log_files_in_group",
	"innodb_log_file_size", "innodb_undo_directory", "innodb_undo_tablespaces", "innodb_temp_data_file_path",
	// Who gets in, and what is replicated.
	"skip_name_resolve", "require_secure_transport", "strict_password_validation", "secure_auth", "old_passwords",
	"plugin_maturity", "log_bin", "wsrep_gtid_mode", "wsrep_mode", "wsrep_replicate_myisam", "gtid_strict_mode",
}

// maxSetting limits a value: sql_mode, the longest, has some 500 bytes.
const maxSetting = 4096

// ReadSettings returns the server's variables that decide whether its data can be loaded elsewhere, by name, with the
// values of SHOW GLOBAL VARIABLES.
func ReadSettings(ctx context.Context, c *mariadb.Client) (map[string]string, error) {
	all, err := c.Pairs(ctx, "SHOW GLOBAL VARIABLES")
	if err != nil {
		return nil, fmt.Errorf("read the server's settings: %w", err)
	}
	kept := map[string]string{}
	for name, value := range all {
		if slices.Contains(settings, name) && len(value) <= maxSetting {
			kept[name] = value
		}
	}
	return kept, nil
}
