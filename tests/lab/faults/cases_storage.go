// SPDX-License-Identifier: GPL-3.0-or-later

package main

import "time"

// storage: the destination.
var storage = []fault{
	{
		name: "destination-full", breaks: "the destination fills up", when: streaming, before: mount("tmpfs", 700),
		hurt: fill, hold: 3 * time.Second, heal: unfill, want: failed, says: "space|full", quick: true,
	},
	{
		name: "destination-full-last", breaks: "the destination is full when the manifest is written", when: toolGone, before: mount("tmpfs", 700),
		hurt: whileStopped(worker, fill), hold: 2 * time.Second, heal: unfill, want: failed, says: "space|full", quick: true,
	},
	{
		name: "destination-small", breaks: "the destination has no room", when: beforeStart, before: mount("tmpfs", 16),
		want: failed, says: "space|free|room", quick: true,
	},
	{
		name: "destination-readonly", breaks: "the destination is read-only", when: beforeStart, before: mount("tmpfs", 700),
		hurt: on("mount -o remount,ro " + destination), want: failed, says: "read-only", quick: true,
	},
	{
		name: "destination-gone", breaks: "the destination's disk is pulled", when: streaming, before: mount("ext4", 700),
		hurt: shutdown, hold: 3 * time.Second, want: failed, says: "input/output|i/o", quick: true, damaged: true,
	},
	{
		name: "destination-gone-last", breaks: "the destination's disk is pulled when the data are read", when: toolGone, before: mount("ext4", 700),
		hurt: whileStopped(worker, shutdown), hold: 2 * time.Second, want: failed, says: "input/output|i/o|read-only", quick: true, damaged: true,
	},
	{
		name: "destination-hangs", breaks: "the destination hangs for 12 s, as NFS does", when: streaming, before: mount("ext4", 700), vars: vars("buffer", 1),
		hurt: on("fsfreeze --freeze " + destination), hold: 12 * time.Second, heal: on("fsfreeze --unfreeze " + destination), want: either, says: "stall|sink|destination|write", quick: true,
	},
	{
		name: "destination-hangs-last-locks", breaks: "the destination hangs for 10 s while the tool holds its last locks, no buffer", when: lastLocks,
		before: mount("ext4", 700), vars: vars("buffer", 0),
		hurt: standstill(whileStopped(tool, on("fsfreeze --freeze "+destination))), hold: 2 * time.Second, heal: on("fsfreeze --unfreeze " + destination), want: either,
		says: "stall|sink|destination|commit", quick: true,
	},
	{
		name: "destination-writable", breaks: "the destination is world-writable", when: beforeStart, before: mount("tmpfs", 700),
		hurt: on("chmod 0777 " + destination), want: failed, says: "write|mode|permission", quick: true,
	},
	{
		name: "destination-foreign", breaks: "the destination belongs to another user", when: beforeStart, before: mount("tmpfs", 700),
		hurt: on("chown 12345 " + destination), want: failed, says: "belong|owner|owned", quick: true,
	},
}
