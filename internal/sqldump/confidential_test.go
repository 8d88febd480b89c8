// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"strings"
	"testing"
)

// A refusal names the statement, but no password, hash or row in it.
func TestARefusalHoldsNoSecret(t *testing.T) {
	const secret = "geheim"
	for statement, as := range map[string]func(string, func(Statement) error) *Reader{
		"CREATE USER IF NOT EXISTS `a`@`%` IDENTIFIED BY 'geheim'":                                NewUsersReader,
		"CREATE USER IF NOT EXISTS `a`@`%` IDENTIFIED BY PASSWORD 'x' 'geheim'":                   NewUsersReader,
		"ALTER USER IF EXISTS `a`@`%` IDENTIFIED VIA x USING 'y' AS 'geheim'":                     NewUsersReader,
		"CREATE OR REPLACE SERVER `s` FOREIGN DATA WRAPPER w OPTIONS (PASSWORD 'geheim', NEW '')": NewSystemReader,
		"CREATE OR REPLACE SERVER `s` FOREIGN DATA WRAPPER w OPTIONS (PASSWORD 'x') 'geheim'":     NewSystemReader,
		"CREATE OR REPLACE SERVER `s` FOREIGN DATA WRAPPER w OPTIONS (PASSWORD 0xgeheim)":         NewSystemReader,
		"CREATE DATABASE `n`; USE `n`; CREATE TABLE `t` (`a` INT); INSERT INTO `t` VALUES ('geheim') ON DUPLICATE KEY" +
			" UPDATE a = 1": NewReader,
		"CREATE DATABASE `n`; USE `n`; CREATE TABLE `t` (`a` INT); INSERT INTO `t` (`a`) VALUES ('geheim', " +
			"now())": NewReader,
	} {
		_, err := read(as, statement+";\n", 9)
		if !errors.As(err, new(*Refusal)) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}
