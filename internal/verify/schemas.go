// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
)

// Part is what is taken of a dump: a schema, or some of its tables, under a name of its own.
type Part struct {
	Schema string
	Tables []string // empty for all, with views, routines and events
	As     string   // the schema's name where it is loaded
}

// Load runs the parts of a logical set on a running server, and reads the dump back to its end before. said is how many
// tables came.
func (s *Set) Load(ctx context.Context, server *galera.Client, parts []Part, tell func(int64)) error {
	if s.Manifest.Method != "logical" {
		return fmt.Errorf("%s is a %s set: parts can be taken of a logical one only", s.Path(), s.Manifest.Method)
	}
	for _, p := range parts {
		if err := s.holds(p); err != nil {
			return err
		}
	}
	at, err := galera.FindContainer(ctx, server.PeerPID())
	if err != nil {
		return err
	}
	defer at.Place.Close()
	tools, err := findTools(ctx, at.Place, s.Manifest.Method, s.Manifest.Server.Version)
	if err != nil {
		return err
	}
	// A damaged dump must not have been loaded up to the damage.
	seen := &partsOnly{to: io.Discard, parts: parts, found: map[string]bool{}}
	if err := s.through(ctx, seen, tell); err != nil {
		return err
	}
	if err := seen.missing(); err != nil {
		return fmt.Errorf("%s: %w", s.Path(), err)
	}
	return s.run(ctx, tools, server, parts, tell)
}

func (s *Set) holds(p Part) error {
	names := make([]string, 0, len(s.Manifest.Schema.Tables))
	for name := range s.Manifest.Schema.Tables {
		names = append(names, name)
	}
	slices.Sort(names)
	if !slices.Contains(names, p.Schema) {
		return fmt.Errorf("%s holds no schema %q; it holds %s", s.Path(), excerpt.Of(p.Schema), excerpt.UpTo(1000, strings.Join(names, ", ")))
	}
	if strings.ContainsAny(p.Schema+p.As+strings.Join(p.Tables, ""), "\n\r\x00") {
		return fmt.Errorf("the schema or a table of %q has a line feed or NUL in its name: load the dump by hand", excerpt.Of(p.Schema))
	}
	return nil
}

// through reads the dump back, through a writer.
func (s *Set) through(ctx context.Context, to io.Writer, tell func(int64)) error {
	bad, err := s.readFile(ctx, data(s.Manifest), to, tell)
	if bad != nil {
		return &Unusable{s.Path(), *bad}
	}
	return err
}

func (s *Set) run(ctx context.Context, tools Tools, server *galera.Client, parts []Part, tell func(int64)) error {
	login, err := loginFile(ctx, server, tools)
	if err != nil {
		return err
	}
	defer login.Close()
	args := []string{"--defaults-file=" + process.InheritedFile, "--batch", "--default-character-set=utf8mb4", "--max-allowed-packet=1G"}
	if tools.sandbox {
		args = append(args, "--sandbox")
	}
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	defer to.Close()
	client, err := process.StartChild(ctx, process.ChildOptions{Place: tools.place, Dir: "/", Files: []*os.File{login}, Stdin: from, Stdout: io.Discard}, tools.Paths["client"], args...)
	from.Close()
	if err != nil {
		return err
	}
	defer client.Kill()
	err = s.through(ctx, &partsOnly{to: to, parts: parts, found: map[string]bool{}}, tell)
	to.Close()
	ended := client.Wait()
	var exit *process.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(ended, &exit):
		return fmt.Errorf("load the dump: %s", errorLine(exit.Stderr))
	case ended != nil || !errors.Is(err, syscall.EPIPE):
		return errors.Join(err, ended)
	}
	return nil
}

// loginFile is an option file for the client of where the server runs: in memory, without a name.
func loginFile(ctx context.Context, c *galera.Client, tools Tools) (*os.File, error) {
	socket := ""
	if !tools.place.Host() {
		server, err := c.Server(ctx)
		if err != nil {
			return nil, err
		}
		socket = server.Socket
	}
	login, err := c.OptionFile(socket)
	if err != nil {
		return nil, err
	}
	return process.SecretFile(login)
}

// partsOnly passes the parts of a dump of mariadb-dump on. Its sections begin with comments:
//
//	-- Current Database: `keystone`
//	-- Table structure for table `user`
//	-- Dumping data for table `user`
//
// What strings hold has no line feed there, and routines stand between DELIMITER lines. Around triggers, routines and events
// whose collation is not the schema's it changes that for a while, which between DELIMITER lines ends with two semicolons:
//
//	ALTER DATABASE `keystone` CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci ;
type partsOnly struct {
	to    io.Writer
	parts []Part
	found map[string]bool // schemas and tables, quoted
	part  *Part           // of the current schema; nil where it is not wanted
	begun bool            // there was a schema
	skip  bool            // the current section is not wanted
	code  bool            // between DELIMITER ;; and DELIMITER ;
	line  []byte          // the beginning of a line of which it is not known yet what it is
	rest  bool            // the beginning of the current line was dealt with, as drop says
	drop  bool
}

// maxMarker is more than a marker or a line with a schema's name can be.
const maxMarker = 4 << 10

func (o *partsOnly) Write(p []byte) (int, error) { return byLine(p, o.take) }

func (o *partsOnly) take(piece []byte, ended bool) (err error) {
	if !o.rest {
		o.line = append(o.line, piece...)
		if !ended && len(o.line) < maxMarker {
			return nil
		}
		piece = o.begin(o.line)
		o.drop = o.begun && (o.part == nil || o.skip)
		defer func() { o.line = o.line[:0] }()
	}
	o.rest = !ended
	if !o.drop {
		_, err = o.to.Write(piece)
	}
	return err
}

// begin looks at a line's beginning, and gives it back as it is to be passed on.
func (o *partsOnly) begin(line []byte) []byte {
	text := string(line[:min(len(line), maxMarker)])
	switch {
	case strings.HasPrefix(text, "DELIMITER ;;"):
		o.code = true
	case strings.HasPrefix(text, "DELIMITER ;"):
		o.code = false
	case o.part != nil && strings.HasPrefix(text, "ALTER DATABASE "+quoteName(o.part.Schema)+" CHARACTER SET "):
		return o.renamed(line)
	case o.code:
	case strings.HasPrefix(text, "-- Current Database: "):
		o.schema(strings.TrimSpace(strings.TrimPrefix(text, "-- Current Database: ")))
	case o.part != nil && (strings.HasPrefix(text, "CREATE DATABASE ") || strings.HasPrefix(text, "USE `")):
		return o.renamed(line)
	case o.part != nil && len(o.part.Tables) > 0 && strings.HasPrefix(text, "-- "):
		o.section(text)
	}
	return line
}

// renamed is a line with the schema's name where it is loaded.
func (o *partsOnly) renamed(line []byte) []byte {
	return []byte(strings.Replace(string(line), quoteName(o.part.Schema), quoteName(o.part.As), 1))
}

func (o *partsOnly) schema(quoted string) {
	o.begun, o.part, o.skip = true, nil, false
	for i, p := range o.parts {
		if quoteName(p.Schema) == quoted {
			o.part = &o.parts[i]
			o.found[quoted] = true
		}
	}
}

// section is one of a table, or of what is none.
func (o *partsOnly) section(text string) {
	for _, begin := range []string{"-- Table structure for table ", "-- Dumping data for table "} {
		if name, is := strings.CutPrefix(text, begin); is {
			name = strings.TrimSpace(name)
			o.skip = !slices.ContainsFunc(o.part.Tables, func(t string) bool { return quoteName(t) == name })
			if !o.skip {
				o.found[quoteName(o.part.Schema)+"."+name] = true
			}
			return
		}
	}
	for _, begin := range []string{"-- Dumping events for", "-- Dumping routines for", "-- Temporary table structure for view", "-- Final view structure for view", "-- Sequence structure for"} {
		if strings.HasPrefix(text, begin) {
			o.skip = true
		}
	}
}

// missing names what was wanted and did not come.
func (o *partsOnly) missing() error {
	for _, p := range o.parts {
		if !o.found[quoteName(p.Schema)] {
			return fmt.Errorf("the dump has no schema %q", p.Schema)
		}
		for _, t := range p.Tables {
			if !o.found[quoteName(p.Schema)+"."+quoteName(t)] {
				return fmt.Errorf("the dump has no table %q in the schema %q", t, p.Schema)
			}
		}
	}
	return nil
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
