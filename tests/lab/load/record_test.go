// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var begin = time.UnixMicro(1_795_375_496_000_000)

// ack returns a commit of a client, some milliseconds after begin, with a latency in milliseconds.
func ack(client, seq, afterMs, latencyMs int) commit {
	return commit{id{client, seq}, begin.Add(time.Duration(afterMs) * time.Millisecond),
		time.Duration(latencyMs) * time.Millisecond}
}

func TestRecordReadsBackTheWrittenRecord(t *testing.T) {
	dir := t.TempDir()
	want := record{
		header:   header{Run: 42, Clients: 2, Rate: 60},
		Commits:  []commit{ack(0, 1, 10, 5), ack(1, 1, 12, 7)},
		Failures: []failure{{id{0, 2}, begin, stepCommit, "invalid connection: two lines"}},
	}
	rec, err := createRecord(dir, want.header)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range want.Commits {
		if err := rec.acknowledged(c); err != nil {
			t.Fatal(err)
		}
	}
	written := want.Failures[0]
	written.Text = "invalid connection:\ntwo lines"
	if err := rec.failed(written); err != nil {
		t.Fatal(err)
	}
	if err := rec.close(); err != nil {
		t.Fatal(err)
	}
	got, err := readRecord(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestRecordLeavesOutTheLineThatWasBeingWrittenWhenTheRunWasKilled(t *testing.T) {
	dir := t.TempDir()
	writeRecord(t, dir, "0 1 1795375496000000 5000\n0 2 17953754", "")
	got, err := readRecord(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := []commit{ack(0, 1, 0, 5)}; !reflect.DeepEqual(got.Commits, want) {
		t.Errorf("got %v, want %v", got.Commits, want)
	}
}

func TestRecordThatCannotBeParsedIsAnErrorThatNamesTheLine(t *testing.T) {
	for _, tt := range []struct{ name, commits, errors, want string }{
		{"a commit with a field short", "0 1 2 3\n0 1 2\n", "", "commits line 2"},
		{"a commit with a word for a number", "0 one 2 3\n", "", "commits line 1"},
		{"an error with a field short", "", "0 1 2 work\n", "errors line 1"},
		{"an error at a step that does not exist", "", "0 1 2 lunch closed\n", "no such step"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			writeRecord(t, dir, tt.commits, tt.errors)
			if _, err := readRecord(dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestAFolderWithoutARecordIsReported(t *testing.T) {
	if _, err := readRecord(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no load was started") {
		t.Errorf("got %v", err)
	}
}

func writeRecord(t *testing.T, dir, commits, errors string) {
	t.Helper()
	for name, content := range map[string]string{headerFile: `{"run":42,"clients":1,"rate":60}`, commitsFile: commits,
		errorsFile: errors} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
