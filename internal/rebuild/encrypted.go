// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"errors"
	"fmt"
	"regexp"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
)

// ErrNoKey is a set of encrypted tables. The keys are in no set, and the scratch server is given none: nothing is known
// of the data then.
var ErrNoKey = errors.New("tables of the set are encrypted at rest, and their keys are not here: " +
	"it can be neither verified by a restore nor made ready")

// noKey is what programs of the server say of data that they have no key for.
var noKey = regexp.MustCompile(`(?i)encryption key is not found|is encrypted but|cannot be decrypted|decryption failed|` +
	`cannot decrypt|encryption plugin|encryption service`)

// ErrNoProvider is a set of pages that were compressed by what the scratch server lacks, as MariaDB 10.7 and later have
// it in plugins (provider_lz4).
var ErrNoProvider = errors.New("pages of the set are compressed by a plugin that the scratch server does not have: " +
	"it can be neither verified by a restore nor made ready")

// noProvider is what a server says of such pages.
var noProvider = regexp.MustCompile(`(?i)provider plugin is not loaded`)

// MissingKey is one of these errors where a program says so: nothing is known of the data then.
func MissingKey(said string) error {
	switch {
	case noKey.MatchString(said):
		return fmt.Errorf("%w (%s)", ErrNoKey, excerpt.UpTo(300, said))
	case noProvider.MatchString(said):
		return fmt.Errorf("%w (%s)", ErrNoProvider, excerpt.UpTo(300, said))
	}
	return nil
}

// wrongOptions is what a server says of a CREATE TABLE with ENCRYPTED=YES when it has no key.
const wrongOptions = 1005

// encrypted says that a server refused a table for want of a key.
func (r *refused) encrypted() bool {
	return r.Does == "CREATE TABLE" && galera.ErrorNumber(r.err) == wrongOptions && encryptedTable.MatchString(r.Text)
}

// encryptedTable finds the option in the line behind the columns.
var encryptedTable = regexp.MustCompile("(?i)\n\\) ENGINE=[^\n]*`?ENCRYPTED`?='?YES")
