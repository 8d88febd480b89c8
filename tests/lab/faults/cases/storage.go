// SPDX-License-Identifier: GPL-3.0-or-later

package cases

import (
	"time"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// storage are faults of the destination.
var storage = []harness.Fault{
	{
		Name: "destination-full", Breaks: "the destination fills up", When: harness.Streaming,
		Before: mount("tmpfs", 700),
		Hurt:   fill, Hold: 3 * time.Second, Heal: unfill, Want: harness.Failed, Says: "space|full", Quick: true,
	},
	{
		Name: "destination-full-last", Breaks: "the destination is full when the manifest is written",
		When: harness.ToolGone, Before: mount("tmpfs", 700),
		Hurt: whileStopped(lab.Worker, fill), Hold: 2 * time.Second, Heal: unfill, Want: harness.Failed,
		Says: "space|full", Quick: true,
	},
	{
		Name: "destination-small", Breaks: "the destination has no room", When: harness.BeforeStart,
		Before: mount("tmpfs", 16),
		Want:   harness.Failed, Says: "space|free|room", Quick: true,
	},
	{
		Name: "destination-readonly", Breaks: "the destination is read-only", When: harness.BeforeStart,
		Before: mount("tmpfs", 700),
		Hurt:   on("mount -o remount,ro " + harness.Destination), Want: harness.Failed, Says: "read-only", Quick: true,
	},
	{
		Name: "destination-gone", Breaks: "the destination's disk is pulled", When: harness.Streaming,
		Before: mount("ext4", 700),
		Hurt:   shutdown, Hold: 3 * time.Second, Want: harness.Failed, Says: "input/output|i/o", Quick: true,
		Damaged: true,
	},
	{
		Name: "destination-gone-last", Breaks: "the destination's disk is pulled when the data are read",
		When: harness.ToolGone, Before: mount("ext4", 700),
		Hurt: whileStopped(lab.Worker, shutdown), Hold: 2 * time.Second, Want: harness.Failed,
		Says: "input/output|i/o|read-only", Quick: true, Damaged: true,
	},
	{
		Name: "destination-hangs", Breaks: "the destination hangs for 12 s, as NFS does", When: harness.Streaming,
		Before: mount("ext4", 700), Vars: harness.Vars("buffer", 1),
		Hurt: on("fsfreeze --freeze " + harness.Destination), Hold: 12 * time.Second,
		Heal: on("fsfreeze --unfreeze " + harness.Destination), Want: harness.Either,
		Says: "stall|sink|destination|write", Quick: true,
	},
	{
		Name:   "destination-hangs-last-locks",
		Breaks: "the destination hangs for 10 s while the tool holds its last locks, no buffer",
		When:   harness.LastLocks,
		Before: mount("ext4", 700), Vars: harness.Vars("buffer", 0),
		Hurt: standstill(whileStopped(lab.Tool, on("fsfreeze --freeze "+harness.Destination))), Hold: 2 * time.Second,
		Heal: on("fsfreeze --unfreeze " + harness.Destination), Want: harness.Either,
		Says: "stall|sink|destination|commit", Quick: true,
	},
	{
		Name: "destination-writable", Breaks: "the destination is world-writable", When: harness.BeforeStart,
		Before: mount("tmpfs", 700),
		Hurt:   on("chmod 0777 " + harness.Destination), Want: harness.Failed, Says: "write|mode|permission",
		Quick: true,
	},
	{
		Name: "destination-foreign", Breaks: "the destination belongs to another user", When: harness.BeforeStart,
		Before: mount("tmpfs", 700),
		Hurt:   on("chown 12345 " + harness.Destination), Want: harness.Failed, Says: "belong|owner|owned", Quick: true,
	},
}
