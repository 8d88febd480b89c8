// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

type options struct {
	list, all, random, signals, table, verbose, degraded bool
	every                                                int
	part                                                 string // N/M
	seed                                                 uint64
	count                                                int
	names                                                []string
}

func parse(args []string) options {
	var o options
	flags := flag.NewFlagSet("lab fault", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: lab fault NAME... | --list | --all | --part N/M | --every N | --table |"+
			" --random [--seed N] [--count N] [--degraded] | --signals [--seed N] [--count N]")
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.list, "list", false, "name the cases")
	flags.BoolVar(&o.all, "all", false, "every case; writes docs/faults.md")
	flags.IntVar(&o.every, "every", 0,
		"every Nth case, others for each commit, and those that guard the promises")
	flags.StringVar(&o.part, "part", "", "the Nth of M parts of all cases, as `N/M`")
	flags.BoolVar(&o.table, "table", false, "write docs/faults.md from the last results of all cases")
	flags.BoolVar(&o.random, "random", false, "backups in a row with a random fault each, at a random moment")
	flags.BoolVar(&o.degraded, "degraded", false, "random: one standby, by the seed, is away during each backup")
	flags.BoolVar(&o.signals, "signals", false, "backups in a row with a signal each, at a random moment")
	flags.BoolVar(&o.verbose, "v", false, "show what the playbook printed")
	flags.Uint64Var(&o.seed, "seed", 0, "repeats the random run of that seed")
	flags.IntVar(&o.count, "count", 20, "how many random runs")
	_ = flags.Parse(args)
	o.names = flags.Args()
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano()) % 1_000_000
	}
	return o
}
