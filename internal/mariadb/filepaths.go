// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// fileVariables say where the server has files that its backup tool reads, in addition to those of the datadir:
// InnoDB's and Aria's, and the key of tables that are encrypted at rest.
var fileVariables = []string{
	"innodb_data_home_dir", "innodb_log_group_home_dir", "innodb_undo_directory", "aria_log_dir_path",
	"innodb_data_file_path", "file_key_management_filename", "file_key_management_filekey",
}

// FilePaths returns the folders and files outside of the datadir that are the server's own according to its variables,
// by the paths that it sees.
func (c *Client) FilePaths(ctx context.Context) ([]string, error) {
	variables, err := c.Pairs(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('"+
		strings.Join(fileVariables, "', '")+"')")
	if err != nil {
		return nil, fmt.Errorf("read the paths of the server's files: %w", err)
	}
	return ParseFilePaths(variables), nil
}

// ParseFilePaths reads the paths in the answer of SHOW GLOBAL VARIABLES (names in lower case). Relative ones are in the
// datadir.
//
//	innodb_data_file_path        ibdata1:12M;/srv/ibdata2:1G:autoextend
//	file_key_management_filekey  FILE:/etc/mysql/key, or the password of the key file itself
func ParseFilePaths(variables map[string]string) []string {
	paths := []string{}
	take := func(path string) {
		if path = strings.TrimSpace(path); filepath.IsAbs(path) && !slices.Contains(paths, filepath.Clean(path)) {
			paths = append(paths, filepath.Clean(path))
		}
	}
	for _, name := range fileVariables {
		value := variables[name]
		switch name {
		case "innodb_data_file_path":
			for file := range strings.SplitSeq(value, ";") {
				file, _, _ = strings.Cut(file, ":")
				take(file)
			}
		case "file_key_management_filekey":
			if path, is := strings.CutPrefix(value, "FILE:"); is {
				take(path)
			}
		default:
			take(value)
		}
	}
	return paths
}
