// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// View is the answer of one controller (galera_restore, state planned). It comes from one host: what it says about
// others is never obeyed.
type View struct {
	Host string `json:"-"` // its name in the inventory
	Node Node   `json:"node"`
	Book Book   `json:"book"`
	// HasOld says that the controller can return to a datadir from before the restore.
	HasOld bool `json:"has_old"`
	// UnderWay says that a restore has changed something there and has not ended; Stopped that it stopped the database.
	UnderWay bool `json:"under_way"`
	Stopped  bool `json:"stopped"`
	// NewJob is an id for a new restore.
	NewJob string `json:"new_job"`
	// Set is the requested set as the controller sees it; nil if it sees none.
	Set  *Set  `json:"set"`
	Cost *Cost `json:"plan"`
	// Problems keep the controller from being restored.
	Problems []string `json:"problems"`
}

// Node is the controller as Pacemaker knows it.
type Node struct {
	Name    string   `json:"name"`
	Members []string `json:"members"` // all that may run the database, online or not
	Datadir string   `json:"datadir"`
	Port    string   `json:"port"`
	Free    int64    `json:"free_bytes"` // next to the datadir
}

// Book is what the controller has recorded of the last restore. Job is empty if there was none.
type Book struct {
	Job     string   `json:"job"`
	Set     string   `json:"set"` // its path
	Began   string   `json:"began"`
	Target  bool     `json:"target"` // this controller gets the set
	Started string   `json:"started"`
	Opened  bool     `json:"opened"` // clients may come in
	Ended   string   `json:"ended"`
	Rejoin  bool     `json:"rejoin"` // only this controller is restored, from the others
	Back    bool     `json:"rolling_back"`
	Aside   []string `json:"aside"` // the datadirs from before
}

// Set is a set as the controller lists it.
type Set struct {
	Name     string `json:"name"`
	Path     string `json:"path"`
	Verified string `json:"verified"` // restore, read, or empty for never
}

// Cost is the room that making the set ready needs.
type Cost struct {
	Space struct {
		Needed int64 `json:"needed_bytes"`
	} `json:"space"`
}

// answer is one entry of the module's option views.
type answer struct {
	Host string          `json:"host"`
	View json.RawMessage `json:"view"`
}

// DecodeView reads one entry of views: {"host": name in the inventory, "view": the controller's answer}. An answer
// without node or book, or with other types, is an error: it is unknown what that controller has done.
func DecodeView(raw []byte) (View, error) {
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return View{}, fmt.Errorf("views: %w", excerpt.Error(err))
	}
	if a.Host == "" {
		return View{}, errors.New("views: an entry has no host")
	}
	v := View{}
	var has struct{ Node, Book json.RawMessage }
	if err := json.Unmarshal(a.View, &has); err != nil {
		return View{}, fmt.Errorf("views: %s: %w", excerpt.Of(a.Host), excerpt.Error(err))
	}
	if none(has.Node) || none(has.Book) {
		return View{}, fmt.Errorf("views: %s: the answer lacks node or book", excerpt.Of(a.Host))
	}
	if err := json.Unmarshal(a.View, &v); err != nil {
		return View{}, fmt.Errorf("views: %s: %w", excerpt.Of(a.Host), excerpt.Error(err))
	}
	v.Host = a.Host
	for i, p := range v.Problems {
		v.Problems[i] = excerpt.UpTo(maxProblem, strings.ReplaceAll(p, "\n", "; "))
	}
	return v, v.printable()
}

// Limits of what a controller may put in a message, in bytes.
const (
	maxName    = 4096 // the longest path
	maxProblem = 2000
)

// printable refuses a view with a name that is not a plain line: names appear in messages, and in the arguments of
// steps.
func (v View) printable() error {
	names := slices.Concat([]string{
		v.Host, v.Node.Name, v.Node.Datadir, v.Node.Port, v.Book.Job, v.Book.Set, v.Book.Began, v.Book.Ended, v.NewJob,
	}, v.Node.Members, v.Book.Aside)
	if v.Set != nil {
		names = append(names, v.Set.Name, v.Set.Path, v.Set.Verified)
	}
	for _, name := range names {
		if excerpt.UpTo(maxName, name) != name {
			return fmt.Errorf("views: %s: %s is not a name", excerpt.Of(v.Host), excerpt.Of(name))
		}
	}
	return nil
}

func none(raw json.RawMessage) bool { return len(raw) == 0 || bytes.Equal(raw, []byte("null")) }

// sees reports whether the controller sees the set of this path.
func (v View) sees(path string) bool { return path != "" && v.Set != nil && v.Set.Path == path }
