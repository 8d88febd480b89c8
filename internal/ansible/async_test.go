// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/ansible/value"
)

// The background process is this test binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "-" {
		os.Exit(probe(slow).Main(os.Args[1:], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// slow reports progress until the file in "extra.go" exists, then does what "mode" and "name" request.
func slow(ctx context.Context, call *Call) (*Result, error) {
	var o struct {
		Name  string
		Extra struct{ Go string }
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	call.Progress(map[string]any{"done": 1, "note": "hunter2"})
	for {
		if _, err := os.Stat(o.Extra.Go); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return &Result{Values: map[string]any{"undone": true}}, errors.New("copy")
		case <-time.After(5 * time.Millisecond):
		}
	}
	if o.Name == "panic" {
		panic("at the disco")
	}
	return &Result{Changed: true, Values: map[string]any{"size": 5}}, nil
}

// start starts a job and returns its file and the file that lets it continue.
func start(t *testing.T, name, limit string) (job, goOn string) {
	t.Helper()
	dir := t.TempDir()
	goOn = filepath.Join(dir, "go")
	var out bytes.Buffer
	args := `{"password":"hunter2","name":"` + name + `","extra":{"go":"` + goOn + `"}}`
	status := probe(slow).Main([]string{"-", "probe", "--async", "j7", limit, filepath.Join(dir, "async")},
		strings.NewReader(args), &out)
	got, err := value.Object(&out)
	if err != nil || status != 0 || value.Show(got["started"]) != "1" || value.Show(got["finished"]) != "0" ||
		got["changed"] != true || value.Show(got["failed"]) != "0" {
		t.Fatalf("%d %v %v", status, got, err)
	}
	job = got["results_file"].(string)
	if exe, err := os.Readlink("/proc/" + value.Show(got["pid"]) + "/exe"); err != nil || exe != os.Args[0] {
		t.Fatalf("pid %v runs %q: %v", got["pid"], exe, err)
	}
	if filepath.Base(job) != got["ansible_job_id"] || !strings.HasPrefix(filepath.Base(job), "j7.") {
		t.Fatal(got)
	}
	return job, goOn
}

// await reads the job file until it contains the key.
func await(t *testing.T, job, key string) map[string]any {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		content, err := os.ReadFile(job)
		if err != nil {
			t.Fatal(err)
		}
		got, err := value.Object(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("half a file: %q", content)
		}
		if strings.Contains(string(content), "hunter2") {
			t.Fatalf("the secret is shown: %s", content)
		}
		if got["ansible_job_id"] != filepath.Base(job) {
			t.Fatal(got)
		}
		if _, ok := got[key]; ok {
			return got
		}
	}
	t.Fatalf("no %s in %s", key, job)
	return nil
}

func TestJobRunsToItsResult(t *testing.T) {
	job, goOn := start(t, "x", "60")
	got := await(t, job, "progress")
	if value.Show(got["progress"]) != `{"done":1,"note":"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}` ||
		value.Show(got["finished"]) != "0" || got["invocation"] != nil {
		t.Error(got)
	}
	if i, _ := os.Stat(job); i.Mode().Perm() != 0o600 {
		t.Error(i.Mode())
	}
	if i, _ := os.Stat(filepath.Dir(job)); i.Mode().Perm() != 0o700 {
		t.Error(i.Mode())
	}
	if err := os.WriteFile(goOn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got = await(t, job, "size")
	if got["started"] != nil || got["finished"] != nil || got["changed"] != true || got["invocation"] == nil {
		t.Error(got)
	}
	gone(t, job+".log")
}

func gone(t *testing.T, path string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err != nil {
			return
		}
	}
	t.Errorf("%s is still there", path)
}

func TestJobUndoesAtItsTimeLimit(t *testing.T) {
	job, _ := start(t, "x", "1")
	got := await(t, job, "failed")
	if got["undone"] != true || got["msg"] != "stopped (the time limit of 1 s has passed): copy" {
		t.Error(got)
	}
}

func TestJobThatPanicsEnds(t *testing.T) {
	job, goOn := start(t, "panic", "60")
	if err := os.WriteFile(goOn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := await(t, job, "exception"); got["msg"] != "internal error: at the disco" {
		t.Error(got)
	}
}

func TestBadArgumentsFailBeforeTheJobStarts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "async")
	var out bytes.Buffer
	status := probe(slow).Main([]string{"-", "probe", "--async", "j7", "60", dir}, strings.NewReader(`{"nam":"x"}`),
		&out)
	if _, err := os.Stat(dir); status != 1 || err == nil || !strings.Contains(out.String(), "did you mean name?") {
		t.Errorf("%d %s", status, out.String())
	}
}

// Another user can have created a link in an async_dir below /tmp: root must not truncate its target.
func TestALogIsNeverWrittenThroughALink(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	for name, place := range map[string]func(string) error{
		"a link":            func(at string) error { return os.Symlink(precious, at) },
		"another name":      func(at string) error { return os.Link(precious, at) },
		"a link to no file": func(at string) error { return os.Symlink(filepath.Join(dir, "new"), at) },
	} {
		folder := filepath.Join(dir, name)
		path := filepath.Join(folder, "j7."+strconv.Itoa(os.Getpid()))
		if err := errors.Join(os.WriteFile(precious, []byte("content"), 0o600), os.Mkdir(folder, 0o700),
			place(path+".log")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := startJob("probe", "j7", "60", folder, []byte("{}")); !errors.Is(err, os.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
		if content, err := os.ReadFile(precious); string(content) != "content" || err != nil {
			t.Errorf("%s: %q, %v", name, content, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: the file of a job that does not run is left", name)
		}
		if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
			t.Errorf("%s: a file was made behind it", name)
		}
	}
}

func TestAJobsFolderThatOthersCanWriteToIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "async")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	status := probe(slow).Main([]string{"-", "probe", "--async", "j7", "60", dir}, strings.NewReader(`{"name":"x"}`),
		&out)
	if entries, err := os.ReadDir(dir); status != 1 || len(entries) > 0 || err != nil ||
		!strings.Contains(out.String(), dir+" can be written by others than root") ||
		!strings.Contains(out.String(), "(mode 0777); set async_dir to") {
		t.Errorf("%d %s %v %v", status, out.String(), entries, err)
	}
}
