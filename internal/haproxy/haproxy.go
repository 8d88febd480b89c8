// SPDX-License-Identifier: GPL-3.0-or-later

// Package haproxy reads what one host's HAProxy reports about itself, 1.5 to current, and changes nothing: every value
// is found by the name of its column or key, never by its position, and a value that cannot be read is an error in the
// facts.
//
// It queries the stats socket with read-only commands, one connection each, and falls back to the stats URL. TripleO's
// socket has level user, so everything that matters works at that level.
package haproxy
