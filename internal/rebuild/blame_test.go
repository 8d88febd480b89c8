// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump"
)

// The cause of a program's end decides whether the set is to blame: a refusal or a crash is the set's fault; an
// operator, an out-of-memory kill and a missing key are not.
func TestOnlyAProgramsOwnEndIsTheSets(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		said string
		want string // of the problem; empty if there is none
	}{
		"an exit status": {&process.ExitError{Code: 1, Stderr: "first\nthe page is corrupt\n"}, "",
			"f, prepare: exit status 1: the page is corrupt"},
		"with a log of its own": {&process.ExitError{Code: 1, Stderr: "x"}, "[ERROR] page 4",
			"f, prepare: exit status 1: [ERROR] page 4"},
		"an assertion": {&process.ExitError{Code: -1, Signal: syscall.SIGABRT.String(), Stderr: "assert"}, "",
			"ended by aborted: assert"},
		"a crash": {&process.ExitError{Code: -1, Signal: syscall.SIGSEGV.String()}, "",
			"ended by segmentation fault: "},
		"the kernel or a person": {&process.ExitError{Code: -1, Signal: syscall.SIGKILL.String()}, "", ""},
		"systemd":                {&process.ExitError{Code: -1, Signal: syscall.SIGTERM.String()}, "", ""},
		"a terminal":             {&process.ExitError{Code: -1, Signal: syscall.SIGHUP.String()}, "", ""},
		"an interrupt":           {&process.ExitError{Code: -1, Signal: syscall.SIGINT.String()}, "", ""},
		"a program that is gone": {errors.New("no such file"), "", ""},
		"a key that is missing": {&process.ExitError{Code: 1},
			"InnoDB: Table is encrypted but encryption service is not available", ""},
		"a provider": {&process.ExitError{Code: 1, Stderr: "its provider plugin is not loaded"}, "", ""},
	} {
		err := refusedBy("f", "prepare", c.err, c.said)
		var bad unusable
		is := errors.As(err, &bad)
		if is != (c.want != "") || is && (bad.Kind != repository.Damaging ||
			!strings.Contains("f, "+strings.TrimPrefix(bad.String(), "f: "), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
		if !is && !strings.HasPrefix(err.Error(), "prepare: ") {
			t.Errorf("%s: the step is not named: %v", name, err)
		}
	}
}

func TestAFileThatCannotBeReadIsAnUnusableSet(t *testing.T) {
	err := error(damagedFile{unusable{repository.DamageAt("a.zst", 7, "why")}})
	var bad unusable
	if !errors.As(err, &bad) || *bad.Offset != 7 || !errors.As(fmt.Errorf("read: %w", err), new(damagedFile)) {
		t.Errorf("%v", err)
	}
	if errors.As(unusable{repository.Damage("a", "b")}, new(damagedFile)) {
		t.Error("what does not load is called unreadable")
	}
}

func TestErrorsForLackOfSpaceDoNotBlameTheSet(t *testing.T) {
	for number, want := range map[int]bool{1021: true, 1037: true, 1114: true, 1317: true, 0: false, 1062: false,
		1146: false} {
		if OutOfRoom(number) != want {
			t.Errorf("%d: %t", number, !want)
		}
	}
}

func TestMissingKeysAreRecognizedInTheOutputOfPrograms(t *testing.T) {
	for got, want := range map[string]error{
		"[ERROR] InnoDB: Encryption key is not found for nova/t":                               ErrNoKey,
		"InnoDB: Table `nova`.`t` is encrypted but encryption service or used key_id 1 is not": ErrNoKey,
		"mariadb-backup: cannot decrypt page":                                                  ErrNoKey,
		"its provider plugin is not loaded":                                                    ErrNoProvider,
		"InnoDB: Database page corruption on disk":                                             nil,
		"": nil,
	} {
		if err := MissingKey(got); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%q: %v", got, err)
		}
	}
	if err := MissingKey("cannot decrypt " + strings.Repeat("x", 5000)); len(err.Error()) > 700 {
		t.Errorf("%d bytes are repeated", len(err.Error()))
	}
}

// A statement that a server refuses is named by its purpose. Of an account only its name is repeated.
func TestARefusedStatementIsNamed(t *testing.T) {
	why := errors.New("Duplicate column")
	for want, s := range map[string]sqldump.Statement{
		`line 7, CREATE TABLE nova.t: Duplicate column`: {Line: 7, Kind: sqldump.Table, Does: "CREATE TABLE",
			Schema: "nova", Name: "t"},
		`line 3, SET: Duplicate column`: {Line: 3, Kind: sqldump.Session, Does: "SET", Text: "SET @x=1"},
		`line 1, CREATE DATABASE nova: Duplicate column`: {Line: 1, Kind: sqldump.Schema, Does: "CREATE DATABASE",
			Schema: "nova"},
		"line 2, CREATE USER `a`@`b`: Duplicate column": {Line: 2, Kind: sqldump.Account, Does: "CREATE USER",
			Text: "CREATE USER `a`@`b` IDENTIFIED BY PASSWORD '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'"},
	} {
		if got := refuse(s, why).Error(); got != want {
			t.Errorf("%s\nnot %s", got, want)
		}
	}
	secret := errors.New("You have an error in your SQL syntax; right syntax to use near '*14E65567ABDB' at line 1")
	s := sqldump.Statement{Kind: sqldump.Account, Does: "CREATE USER", Text: "CREATE USER a"}
	if got := refuse(s, secret).Error(); strings.Contains(got, "14E6") || !strings.HasSuffix(got, "syntax to use ...") {
		t.Error(got)
	}
	s.Kind = sqldump.Servers
	if got := refuse(s, secret).Error(); strings.Contains(got, "14E6") {
		t.Error(got)
	}
}

func TestAnErrorWhileADumpLoadsIsTheSetsOnlyWhereItIs(t *testing.T) {
	c := &Copy{}
	f := repository.File{Name: "backup.sql.zst"}
	for name, k := range map[string]struct {
		err     error
		problem string
		others  string
	}{
		"nothing": {nil, "", ""},
		"a refusal": {&sqldump.Refusal{Line: 4, Text: "DROP USER x", Why: errors.New("it is none of a dump")},
			"does_not_load backup.sql.zst, line 4", ""},
		"a statement about another schema": {
			fmt.Errorf("x: %w", sqldump.ErrOutside), "", "verify a physical set instead"},
	} {
		err := c.notLoaded(f, k.err)
		var bad unusable
		switch {
		case k.problem != "":
			if !errors.As(err, &bad) || !strings.HasPrefix(string(bad.Kind)+" "+bad.String(), k.problem) {
				t.Errorf("%s: %v", name, err)
			}
		case k.others != "":
			if err == nil || errors.As(err, &bad) || !strings.Contains(err.Error(), k.others) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		}
	}
}
