// SPDX-License-Identifier: GPL-3.0-or-later

package extras

import (
	"slices"
	"strings"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/repository"
)

// LoadCommands are the commands that load a dump manually. Accounts come first, because views and programs name them,
// and again at the end, because they may be granted tables.
func LoadCommands(files repository.Files, program string) []string {
	client := "mariadb"
	if strings.HasSuffix(program, "mysqldump") {
		client = "mysql"
	}
	commands := []string{client + " --force < " + UsersFile + "   # makes the accounts; a grant on a table " +
		"that is" +
		" not there yet is an error, and comes last"}
	if slices.ContainsFunc(files, func(f repository.File) bool { return f.Name == SystemFile }) {
		commands = append(commands, client+" < "+SystemFile)
	}
	return append(commands, "zstd -d -c "+tool.LogicalFile+" | "+client+" --comments --max-allowed-packet=1G",
		client+" < "+UsersFile)
}
