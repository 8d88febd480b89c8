// SPDX-License-Identifier: GPL-3.0-or-later

// Package verify proves backup sets. A Repository is only looked at. Read reads a set back to its last byte; Restore
// starts a server of its own on a copy of it and compares what that server holds with the manifest. What is wrong with
// a set is a Problem, which names file and offset; an error is that nothing could be proven.
package verify
