// SPDX-License-Identifier: GPL-3.0-or-later

// Package option has the options that several modules share, and refuses numbers that their descriptions cannot.
package option

import (
	"fmt"
	"time"
)

// MaxSeconds is the longest time that an option may have: 11 days.
const MaxSeconds = 1e6

// Within refuses a number out of range, by the name of its option.
func Within(option string, value, low, high float64) error {
	if value < low || value > high {
		return fmt.Errorf("%s: %.10g is not from %.10g to %.10g", option, value, low, high)
	}
	return nil
}

// Seconds returns a number of seconds as a duration.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Set are the options that name a set of a repository.
type Set struct {
	Destination string `json:"destination"`
	Cluster     string `json:"cluster"`
	Set         string `json:"set"`
}
