// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/logins"
	"overcloud.backup/tests/mariadbd"
	"overcloud.backup/tests/node"
)

// chosenWith is a decision that chose this host, whose server had counted these logins.
func chosenWith(t *testing.T, counted any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(counted)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"clusters": [{"controllers": [{"name": %q, "verdict": "chosen", "activity": "idle",`+
		` "logins": %s}]}]}`, hostname(), raw)
}

// A standby on which a client is for a moment, again and again, is refused like one with a session: another may do, and
// a later attempt. Where nothing counts logins, nothing is claimed.
func TestClientsThatComeAndGoBetweenTheDecisionAndTheJob(t *testing.T) {
	node.Need(t)
	started, err := mariadbd.Start(func(string) []string {
		return append(mariadbd.Plugins("../../"), "--skip-name-resolve")
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(started.Remove)
	s := &server{&node.Server{Server: started}}
	visit := func(n int) {
		for range n {
			// Errors show in the outcome.
			_ = exec.Command("mariadb", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1",
				"--port="+strconv.Itoa(s.Port), "--user=nova", "-e", "SELECT 1").Run()
		}
	}
	if _, err := s.SQL("CREATE USER nova@`127.0.0.1`; CREATE DATABASE nova; CREATE TABLE nova.t (a INT PRIMARY KEY)" +
		" ENGINE=InnoDB"); err != nil {
		t.Fatal(err)
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			case <-time.After(time.Second):
				visit(1)
			}
		}
	}()
	defer func() { close(end); <-ended }()
	read := func() logins.Counted {
		l, err := logins.OfClients(t.Context(), s.Client(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, tt := range []struct {
		userstat string
		allow    bool
		refused  bool
	}{{"ON", false, true}, {"ON", true, false}, {"OFF", false, false}} {
		if _, err := s.SQL("SET GLOBAL userstat=" + tt.userstat); err != nil {
			t.Fatal(err)
		}
		o := s.options(t)
		o.Method, o.AllowClients, o.Decision = tool.Logical, tt.allow, chosenWith(t, read())
		visit(3)
		_, err := Prepare(t.Context(), o)
		if !tt.refused && err != nil {
			t.Errorf("%+v: %v", tt, err)
		}
		if tt.refused && (err == nil || !TryAnother(err) || !Passes(err) ||
			!strings.Contains(err.Error(), "this node serves clients now: ") ||
			!strings.Contains(err.Error(), " s that are no health checks: nova; decide again") ||
			!strings.Contains(err.Error(), "if these are no clients (monitoring), name them in ignore_users")) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// A decision that lies about logins cannot have a node refused that no client uses, nor end the job.
func TestADecisionThatLiesAboutLogins(t *testing.T) {
	s := shared(t)
	if _, err := s.SQL("SET GLOBAL userstat=ON"); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("SET GLOBAL userstat=OFF")
	for name, counted := range map[string]any{
		"none so far": logins.Counted{Counter: logins.ByUser, Reader: s.Client(t).Reached().User},
		"a text":      "none", "a list": []int{1}, "a number": map[string]any{"counter": 7, "users": "x"},
		"of another type": map[string]any{"counter": "userstat", "users": []any{map[string]any{"user": 7}}},
		"very many":       logins.Counted{Counter: logins.ByUser, Users: make([]logins.User, 10_000)},
	} {
		o := s.options(t)
		o.Decision = chosenWith(t, counted)
		if _, err := Prepare(t.Context(), o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	list, known := decision.Choices(chosenWith(t, logins.Counted{Counter: "x"}))
	if !known || len(list) != 1 || list[0].Logins != nil {
		t.Errorf("%+v, %t", list, known)
	}
}
