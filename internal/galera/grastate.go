// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/safefile"
)

// maxSmall limits grastate.dat, which has five lines.
const maxSmall = 64 << 10

// ReadGrastate reads grastate.dat of a datadir, which belongs to the server's user. A file that does not exist is nil
// without error.
func ReadGrastate(datadir string) (*Grastate, error) {
	path := filepath.Join(datadir, "grastate.dat")
	data, err := safefile.ReadOwn(path, maxSmall)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g, err := ParseGrastate(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	g.Path = path
	return &g, nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ParseGrastate reads
//
//	# GALERA saved state
//	version: 2.1
//	uuid:    27402082-e6a9-11f1-967f-cfd7a985c0a3
//	seqno:   -1
//	safe_to_bootstrap: 0
//
// The last line is missing before Galera 3.19 and counts as 0 then. seqno -1 means that the position is not known.
func ParseGrastate(data []byte) (Grastate, error) {
	found := map[string]string{}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return Grastate{}, fmt.Errorf("line %d: %q is not \"name: value\"", i+1, excerpt.Of(line))
		}
		found[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return typeGrastate(found)
}

func typeGrastate(found map[string]string) (Grastate, error) {
	for _, name := range []string{"version", "uuid", "seqno"} {
		if found[name] == "" {
			return Grastate{}, fmt.Errorf("%s is missing", name)
		}
	}
	g := Grastate{Version: found["version"], UUID: strings.ToLower(found["uuid"])}
	if !uuidForm.MatchString(g.UUID) {
		return Grastate{}, fmt.Errorf("uuid is %q", excerpt.Of(found["uuid"]))
	}
	var err error
	if g.Seqno, err = strconv.ParseInt(found["seqno"], 10, 64); err != nil || g.Seqno < -1 {
		return Grastate{}, fmt.Errorf("seqno is %q", excerpt.Of(found["seqno"]))
	}
	switch safe := found["safe_to_bootstrap"]; safe {
	case "", "0":
	case "1":
		g.SafeToBootstrap = true
	default:
		return Grastate{}, fmt.Errorf("safe_to_bootstrap is %q, neither 0 nor 1", excerpt.Of(safe))
	}
	return g, nil
}
