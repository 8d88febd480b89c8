// SPDX-License-Identifier: GPL-3.0-or-later

// Command load puts client load on the lab's virtual IP, like OpenStack services, and reports afterwards what the
// clients saw. Its claims are what was recorded at the time: a commit is in the record before the next begins.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `usage: load run    [options]   work until SIGTERM or the end of --for
       load report [options]   tell what the clients saw; fails if an acknowledged commit is missing
The openstack user's password is read from LAB_OPENSTACK_PASSWORD.
`

var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	err := command(ctx, os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintf(os.Stderr, "load: %v\n", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	switch args[0] {
	case "run":
		return runCommand(ctx, args[1:])
	case "report":
		return reportCommand(ctx, args[1:], out)
	}
	return errUsage
}

func runCommand(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("load run", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder of the record")
	addr := flags.String("addr", "", "host:port of the virtual IP")
	clients := flags.Int("clients", 8, "clients, each with a connection")
	rate := flags.Float64("rate", 60, "transactions a second, all clients together")
	limit := flags.Duration("for", 2*time.Hour, "longest time to run")
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	if *clients < 1 || *rate <= 0 || *limit <= 0 {
		return fmt.Errorf("--clients, --rate and --for must be positive: got %d, %g, %s", *clients, *rate, *limit)
	}
	now := time.Now()
	rec, err := createRecord(*dir, header{Run: now.UnixMicro(), Clients: *clients, Rate: *rate})
	if err != nil {
		return err
	}
	defer rec.close()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	return work(ctx, *addr, rec)
}

func reportCommand(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("load report", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder of the record")
	addr := flags.String("addr", "", "host:port of the virtual IP")
	asJSON := flags.Bool("json", false, "print JSON")
	from := flags.Float64("from", 0, "begin of the window, in seconds since the epoch")
	to := flags.Float64("to", 0, "end of the window")
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	rec, err := readRecord(*dir)
	if err != nil {
		return err
	}
	db, err := open(*addr)
	if err != nil {
		return err
	}
	defer db.Close()
	stored, err := readStored(ctx, db, rec.Run)
	if err != nil {
		return err
	}
	rep := summarise(rec, stored, window{From: seconds(*from), To: seconds(*to)})
	if err := rep.print(out, *asJSON); err != nil {
		return err
	}
	if rep.Lost > 0 {
		return fmt.Errorf("%d acknowledged commits are not in the database", rep.Lost)
	}
	return nil
}

// seconds turns seconds since the epoch into a time; 0 is no time.
func seconds(s float64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(s * 1e6))
}
