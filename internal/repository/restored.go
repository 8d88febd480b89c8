// SPDX-License-Identifier: GPL-3.0-or-later

package repository

// Table is one table of a restored set.
type Table struct {
	Schema   string `json:"schema"`
	Name     string `json:"name"`
	Rows     int64  `json:"rows"`
	Checksum string `json:"checksum"` // CHECKSUM TABLE ... EXTENDED
}

// Restored describes the data on a scratch server.
type Restored struct {
	Server      string         `json:"server_version"`
	Fingerprint string         `json:"fingerprint"`
	Schemas     map[string]int `json:"schemas"` // tables by schema
	Checked     int            `json:"checked"` // tables by CHECK TABLE
	Rows        int64          `json:"rows"`
	// Checksum is the sha256 of the lines "schema.table<TAB>rows<TAB>checksum", sorted: two restores of one set, or a
	// restored server and its set, are the same if their checksums are.
	Checksum string  `json:"checksum"`
	Tables   []Table `json:"tables,omitempty"`
}

// NotSigned is a limitation that everyone who restores a set has to know.
const NotSigned = "not signed: anyone who can write to the destination can have written its data, its manifest and " +
	"the record that it was verified"
