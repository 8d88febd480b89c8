// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// Info is what a process reports about itself.
type Info struct {
	Version string
	PID     int
	Uptime  int64 // seconds
	// Processes is nbproc, at least 1; Process is the number of the one that answers.
	Processes int
	Process   int
	// Stopping says that the process serves its last sessions and accepts no new ones.
	Stopping bool
}

// ParseInfo reads the text of "show info": lines "Key: value", of which Version, Pid and Uptime_sec are required.
func ParseInfo(b []byte) (Info, error) {
	if err := bounded(b, maxRows); err != nil {
		return Info{}, fmt.Errorf("show info: %w", err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			values[key] = strings.TrimSpace(value)
		}
	}
	n := numbers{values: values}
	info := Info{
		Version:   values["Version"],
		PID:       int(n.get("Pid", -1)),
		Uptime:    n.get("Uptime_sec", -1),
		Processes: int(n.get("Nbproc", 1)),
		Process:   int(n.get("Process_num", 1)),
		Stopping:  n.get("Stopping", 0) != 0,
	}
	if n.err == nil && info.Version == "" {
		n.err = errors.New("there is no Version")
	}
	if n.err == nil {
		n.err = plainText(info.Version)
	}
	if n.err != nil {
		return Info{}, fmt.Errorf("show info: %w", n.err)
	}
	return info, nil
}

// numbers reads numbers by key and keeps the first error.
type numbers struct {
	values map[string]string
	err    error
}

// get returns the number of a key; without the key it is missing, and a missing of -1 makes that an error.
func (n *numbers) get(key string, missing int64) int64 {
	text, ok := n.values[key]
	if !ok && missing >= 0 {
		return missing
	}
	v, err := strconv.ParseInt(text, 10, 64)
	switch {
	case n.err != nil:
	case !ok:
		n.err = fmt.Errorf("there is no %s", key)
	case err != nil || v < 0:
		n.err = fmt.Errorf("%s is %q, not a number", key, excerpt.Of(text))
	}
	return v
}

// The head of the statistics page, the same from 1.5 to 3.4:
//
//	... style="text-decoration: none;">HAProxy version 2.6.12-1+deb12u4, released 2026/10/17</a></h1>
//	<p><b>pid = </b> 964 (process #1, nbproc = 1, nbthread = 2)<br>
//	<b>uptime = </b> 0d 0h00m29s<br>
var (
	pageVersion = regexp.MustCompile(`<h1><a [^>]*>[^<]* version ([^, <]+)`)
	pagePID     = regexp.MustCompile(`<b>pid = </b> (\d{1,9}) \(process #(\d{1,9}), nbproc = (\d{1,9})[,)]`)
	pageUptime  = regexp.MustCompile(`<b>uptime = </b> (\d{1,9})d (\d{1,2})h(\d{1,2})m(\d{1,2})s`)
)

// ParsePage reads the head of the statistics page, which reports over the stats URL what "show info" reports over the
// socket. The version is empty if the configuration hides it; the rest is required.
func ParsePage(b []byte) (Info, error) {
	pid, uptime := pagePID.FindSubmatch(b), pageUptime.FindSubmatch(b)
	if pid == nil || uptime == nil {
		return Info{}, errors.New("statistics page: there is no pid or uptime in it")
	}
	info := Info{PID: digits(pid[1]), Process: digits(pid[2]), Processes: digits(pid[3])}
	if v := pageVersion.FindSubmatch(b); v != nil {
		info.Version = string(v[1])
	}
	if err := plainText(info.Version); err != nil {
		return Info{}, fmt.Errorf("statistics page: version: %w", err)
	}
	days, hours := int64(digits(uptime[1])), int64(digits(uptime[2]))
	info.Uptime = (days*24+hours)*3600 + int64(digits(uptime[3]))*60 + int64(digits(uptime[4]))
	return info, nil
}

// digits returns the number that a regular expression has already checked.
func digits(b []byte) int {
	n, _ := strconv.Atoi(string(b))
	return n
}
