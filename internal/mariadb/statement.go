// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// QuoteText quotes a string for a statement that has no placeholder.
func QuoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// QuoteName quotes an identifier or one half of an account with backticks, in which only the backtick is special
// regardless of sql_mode.
func QuoteName(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// UserTables restricts information_schema queries to tables of users. schemaColumn is a column of ours, not input.
//
// The server's own collation treats SYS and sýs, which are separate schemas, as sys: names are compared byte by byte.
// #mysql50#x is a folder of the datadir that no CREATE DATABASE made, such as lost+found if the datadir is a file
// system.
func UserTables(schemaColumn string) string {
	return "BINARY " + schemaColumn + " NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')" +
		" AND LEFT(" + schemaColumn + ", 9) <> '#mysql50#'"
}

// Limited makes the server end a statement by itself (MariaDB 10.1.2 and later).
func Limited(limit time.Duration) string {
	return fmt.Sprintf("SET STATEMENT max_statement_time = %.3f FOR ", max(limit.Seconds(), 0.001))
}

// Text returns the text of a column, empty for NULL.
func Text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// OnOff reads a switch as the server prints it; known is false for anything else.
func OnOff(value string) (on, known bool) {
	switch strings.ToUpper(value) {
	case "ON", "1", "TRUE", "YES":
		return true, true
	case "OFF", "0", "FALSE", "NO":
		return false, true
	}
	return false, false
}

// ErrorNumber returns the server's number of an error, 0 if it is not the server's.
func ErrorNumber(err error) int {
	var refusal *mysql.MySQLError
	if errors.As(err, &refusal) {
		return int(refusal.Number)
	}
	return 0
}
