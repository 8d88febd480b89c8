// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"errors"
	"fmt"
	"regexp"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// ErrNoKey means that the set has encrypted tables. No set holds the keys, and the scratch server has none, so nothing
// is known about the data.
var ErrNoKey = errors.New("tables of the set are encrypted at rest, and their keys are not here: " +
	"it can be neither verified by a restore nor made ready")

// noKey matches what programs of the server say about data that they have no key for.
var noKey = regexp.MustCompile(`(?i)encryption key is not found|is encrypted but|cannot be decrypted|` +
	`decryption failed|cannot decrypt|encryption plugin|encryption service`)

// ErrNoProvider means that pages of the set were compressed by a plugin that the scratch server lacks, such as those of
// MariaDB 10.7 and later (provider_lz4).
var ErrNoProvider = errors.New("pages of the set are compressed by a plugin that the scratch server does not have: " +
	"it can be neither verified by a restore nor made ready")

// noProvider matches what a server says about such pages.
var noProvider = regexp.MustCompile(`(?i)provider plugin is not loaded`)

// MissingKey returns ErrNoKey or ErrNoProvider if the output of a program reports that: then nothing is known about the
// data.
func MissingKey(output string) error {
	switch {
	case noKey.MatchString(output):
		return fmt.Errorf("%w (%s)", ErrNoKey, excerpt.UpTo(300, output))
	case noProvider.MatchString(output):
		return fmt.Errorf("%w (%s)", ErrNoProvider, excerpt.UpTo(300, output))
	}
	return nil
}

// wrongOptions is the server's error for CREATE TABLE with ENCRYPTED=YES when it has no key.
const wrongOptions = 1005

// encrypted reports whether a server refused a table because it lacks a key.
func (r *refused) encrypted() bool {
	return r.Does == "CREATE TABLE" && mariadb.ErrorNumber(r.err) == wrongOptions && encryptedTable.MatchString(r.Text)
}

// encryptedTable finds the option in the line after the columns.
var encryptedTable = regexp.MustCompile("(?i)\n\\) ENGINE=[^\n]*`?ENCRYPTED`?='?YES")
