// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"overcloud.backup/internal/ansible/value"
	"overcloud.backup/internal/excerpt"
)

// Program is the binary: every module under its short name.
type Program struct {
	Version string
	Modules map[string]Module
	// Fragments contains the files _NAME.yml that a module's description may extend.
	Fragments fs.FS
}

func (p Program) refuse(stdout io.Writer, err error) int {
	return write(stdout, finish(answer(nil, err), nil, nil, nil))
}

// write prints the result and returns its exit status, which Ansible ignores; people and shells do not.
func write(stdout io.Writer, line []byte) int {
	if _, err := stdout.Write(append(line, '\n')); err != nil || failed(line) {
		return 1
	}
	return 0
}

func failed(line []byte) bool {
	var r struct{ Failed any }
	return json.Unmarshal(line, &r) != nil || r.Failed == true
}

// task is one call of one module, ready to run.
type task struct {
	module    Module
	fragments fs.FS
	call      *Call
	// asked is the content of "invocation".
	asked map[string]any
}

// prepare reads the arguments of the module name, or of the module that they name. The task is never nil: it
// has the secrets that a refusal must not show.
func (p Program) prepare(name string, in io.Reader) (*task, error) {
	t := &task{fragments: p.Fragments, call: &Call{Name: name}}
	given, err := value.Object(in)
	if err != nil {
		return t, fmt.Errorf("read the arguments: %w", excerpt.Error(err))
	}
	if name == "" {
		t.call.Name = shortName(given["_ansible_module_name"])
	}
	m, ok := p.Modules[t.call.Name]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(p.Modules)), ", ")
		return t, fmt.Errorf("no module %q in this binary; it has: %s", excerpt.Of(t.call.Name), known)
	}
	t.module = m
	s, err := parseSpec(m.Spec, p.Fragments)
	if err != nil {
		return t, fmt.Errorf("internal error: %s: %w", t.call.Name, err)
	}
	return t, t.accept(s, given)
}

// shortName is the module's name without its collection.
func shortName(fqcn any) string {
	s, _ := fqcn.(string)
	return s[strings.LastIndex(s, ".")+1:]
}

// accept removes Ansible's own keys from the arguments and checks the rest.
func (t *task) accept(s *spec, given map[string]any) error {
	t.call.CheckMode, _ = value.Bool(given["_ansible_check_mode"])
	t.call.Diff, _ = value.Bool(given["_ansible_diff"])
	v, _ := value.Int(given["_ansible_verbosity"])
	t.call.Verbosity = int(v)
	t.call.Now, _ = value.Float(given["_overcloud_now"])
	maps.DeleteFunc(given, func(k string, _ any) bool {
		return strings.HasPrefix(k, "_ansible_") || k == "_overcloud_now"
	})
	t.call.secrets.Add(findSecrets(s.Options, given)...)
	t.call.secrets.Add(leaves(given, urlPassword)...)
	args, problems := checkArgs("", s.Options, s.Constraints, given)
	t.call.args = args
	if len(problems) > 0 {
		t.asked = invocation(s.Options, given)
		return fmt.Errorf("invalid arguments of %s: %s", t.call.Name, list(problems))
	}
	t.asked = invocation(s.Options, args)
	return nil
}

// run always returns the line for Ansible, even if the module panics.
func (t *task) run(ctx context.Context) (line []byte) {
	defer func() {
		if p := recover(); p != nil {
			out := answer(nil, fmt.Errorf("internal error: %v", p))
			// Ansible prints its last line as the error.
			out["exception"] = fmt.Sprintf("%s\n%v", debug.Stack(), p)
			line = t.finish(out)
		}
	}()
	r, err := t.module.Run(ctx, t.call)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("stopped (%w): %w", context.Cause(ctx), err)
	}
	return t.finish(answer(r, err))
}

func (t *task) refusal(err error) []byte { return t.finish(answer(nil, err)) }

func (t *task) finish(out map[string]any) []byte { return t.line(out, t.asked) }

// line encodes the object without secrets, and with asked if that is not nil.
func (t *task) line(out, asked map[string]any) []byte {
	public := func() map[string]bool { return publicNames(t.module.Spec, t.fragments) }
	return finish(out, asked, t.call.secrets.All(), public)
}
