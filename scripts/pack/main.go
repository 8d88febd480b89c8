// SPDX-License-Identifier: GPL-3.0-or-later

// Command pack makes the parts of a release that ansible-galaxy does not make. With the same Go, the same source gives
// the same bytes on every machine. It runs at the top of a checkout; scripts/dist calls it.
//
//	pack licences FOLDER                        writes FOLDER/THIRD_PARTY_LICENSES
//	pack sbom FILE VERSION SECONDS              writes what the binaries consist of, in CycloneDX
//	pack guides FOLDER                          writes the guides in FOLDER/docs as reStructuredText
//	pack tarball FILE SECONDS                   packs a tarball again, with sorted names and one time
//	pack sum FILE...                            writes FILE.sha256 beside each
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// folder contains the binaries, which scripts/build writes.
const folder = "plugins/plugin_utils/_bin"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "licences":
		return writeNotices(args[1])
	case len(args) == 4 && args[0] == "sbom":
		return writeSBOM(args[1], args[2], args[3])
	case len(args) == 2 && args[0] == "guides":
		return writeGuides(args[1])
	case len(args) == 3 && args[0] == "tarball":
		at, err := moment(args[2])
		if err != nil {
			return err
		}
		return repack(args[1], at)
	case len(args) > 1 && args[0] == "sum":
		return writeSums(args[1:])
	}
	return fmt.Errorf("%q: no such command; see scripts/pack/main.go", args)
}

func writeNotices(target string) error {
	parts, err := partsOf(folder)
	if err != nil {
		return err
	}
	text, err := notices(parts)
	if err != nil {
		return err
	}
	return write(filepath.Join(target, "THIRD_PARTY_LICENSES"), text)
}

func writeSBOM(file, version, seconds string) error {
	at, err := moment(seconds)
	if err != nil {
		return err
	}
	parts, err := partsOf(folder)
	if err != nil {
		return err
	}
	binaries, err := binariesOf(folder)
	if err != nil {
		return err
	}
	text, err := sbom(version, at, parts, binaries)
	if err != nil {
		return err
	}
	return write(file, text)
}

// moment returns the time that is given in seconds since the epoch.
func moment(seconds string) (time.Time, error) {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %q is not a number of seconds since 1970", seconds)
	}
	return time.Unix(n, 0).UTC(), nil
}
