// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/zframe"
)

// maxFrame is the size of the frames that the writer makes. Larger frames would take memory for each one in flight.
const maxFrame = zframe.Size

// stateUUID matches wsrep_cluster_state_uuid, which goes into a file of a restored datadir.
var stateUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// checkManifest reports contradictions and omissions of a manifest, beyond what ParseManifest refuses.
func checkManifest(m *Manifest) []Problem {
	var problems []Problem
	bad := func(format string, args ...any) {
		problems = append(problems, Damage(ManifestName, format, args...))
	}
	if m.Cluster.Name == "" || m.Controller == "" || m.StartedAt <= 0 || m.EndedAt < m.StartedAt {
		bad("cluster, controller or times are missing")
	}
	for what, name := range map[string]string{"cluster name": m.Cluster.Name, "controller name": m.Controller} {
		if err := CheckName(what, name); name != "" && err != nil {
			bad("%v", err)
		}
	}
	if !stateUUID.MatchString(m.Position.UUID) || m.Position.Seqno < 0 || m.Position.SeqnoEnd < m.Position.Seqno {
		bad("%s:%d to %d is not a position", excerpt.Of(m.Position.UUID), m.Position.Seqno, m.Position.SeqnoEnd)
	}
	if m.Method == "physical" && m.Stream == nil {
		bad("it does not say what the xbstream holds")
	}
	return append(problems, checkFiles(m)...)
}

// checkFiles checks that the files are those of a set of its method.
func checkFiles(m *Manifest) (problems []Problem) {
	want := map[string]string{"physical": ContentStream, "logical": ContentDump}[m.Method]
	if want == "" {
		problems = append(problems, Damage(ManifestName, "the method %q is unknown", excerpt.Of(m.Method)))
	}
	var names []string
	data := 0
	for _, f := range m.Files {
		problems = append(problems, checkFile(f)...)
		if names = append(names, f.Name); f.Content == want {
			data++
		}
	}
	if slices.Sort(names); len(slices.Compact(names)) < len(m.Files) || data != 1 {
		problems = append(problems, Damage(ManifestName,
			"its files are not those of a %s set: one file of data, and each file"+
				" once", excerpt.Of(m.Method)))
	}
	return problems
}

// checkFile checks the numbers of one file.
func checkFile(f File) []Problem {
	why := ""
	switch {
	case f.Compression == "none" && f.RawBytes != f.Bytes:
		why = "raw_bytes differs from bytes, although nothing is compressed"
	case f.Compression != "none" && f.Compression != "zstd":
		why = fmt.Sprintf("the compression %q is unknown", excerpt.Of(f.Compression))
	case f.Compression == "zstd" && (f.FrameBytes <= 0 || f.FrameBytes > maxFrame || frames(f) != int64(f.Frames)):
		why = fmt.Sprintf("%s of %d bytes cannot contain %d bytes", quantity.Count(int64(f.Frames), "frame"),
			f.FrameBytes, f.RawBytes)
	}
	if _, err := hex.DecodeString(f.SHA256); err != nil {
		why = "its sha256 is not valid"
	}
	if why == "" {
		return nil
	}
	return []Problem{Damage(ManifestName, "%s: %s", f.Name, why)}
}

// frames returns how many frames the raw bytes of a file fill.
func frames(f File) int64 { return (f.RawBytes + f.FrameBytes - 1) / f.FrameBytes }
