// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/optionfile"
)

// hostilePassword contains everything that a shell, an option file, JSON, SQL and a URL must escape. It differs in each
// run of the tests.
var hostilePassword = fmt.Sprintf("S3cr'et%[1]d\"\\ $HOME #%%;`x`\npässwörd-東京%[1]d😀", os.Getpid())

// unpacked returns the text of a zstd file.
func unpacked(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("zstd", "-d", "-c", path).Output()
	if err != nil {
		t.Fatal("zstd: ", err)
	}
	return string(out)
}

// spellings returns the forms that a password may have in a file, an argument or a log. Of one with several lines each
// line counts.
func spellings(t *testing.T, password string) [][]byte {
	t.Helper()
	inFile, err := optionfile.Quote(password)
	if err != nil {
		t.Fatal(err)
	}
	inJSON, err := json.Marshal(password)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{password, strings.Trim(inFile, `"`), string(inJSON[1 : len(inJSON)-1]), url.QueryEscape(password),
		url.PathEscape(password),
		base64.StdEncoding.EncodeToString([]byte(password)), fmt.Sprintf("%x", password), fmt.Sprintf("%q", password)}
	all = append(all, strings.Split(password, "\n")...)
	var found [][]byte
	for _, s := range all {
		found = append(found, []byte(s))
	}
	return found
}

func holds(data []byte, secrets [][]byte) bool {
	for _, s := range secrets {
		if bytes.Contains(data, s) {
			return true
		}
	}
	return false
}

// watchProcesses reads arguments and environment of every new process, repeatedly, until told to end; then it returns
// those that held a secret, and how often it looked.
func watchProcesses(secrets [][]byte) (end func() (found map[string]bool, rounds int)) {
	stop, ended := make(chan struct{}), make(chan struct{})
	found, rounds := map[string]bool{}, 0
	old := map[string]bool{}
	for _, pid := range processes() {
		old[pid] = true
	}
	go func() {
		defer close(ended)
		for ; ; rounds++ {
			for _, pid := range processes() {
				for _, name := range []string{"cmdline", "environ"} {
					if old[pid] {
						continue
					}
					path := "/proc/" + pid + "/" + name
					if data, err := os.ReadFile(path); err == nil && holds(data, secrets) {
						found[path] = true
					}
				}
			}
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() (map[string]bool, int) { close(stop); <-ended; return found, rounds }
}

// processes returns the ids of all running processes.
func processes() []string {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	return slices.DeleteFunc(names, func(name string) bool { return strings.Trim(name, "0123456789") != "" })
}

// searchFiles returns the files below folders that hold a secret; zstd files are unpacked.
func searchFiles(t *testing.T, secrets [][]byte, roots ...string) (found []string, files int) {
	t.Helper()
	for _, root := range roots {
		_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() && strings.HasPrefix(e.Name(), "overcloud-backup-lab") {
				return filepath.SkipDir // the disks of a lab that runs beside this test
			}
			if err != nil || !e.Type().IsRegular() {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return nil
			}
			if strings.HasSuffix(path, ".zst") {
				data = []byte(unpacked(t, path))
			}
			if files++; holds(data, secrets) {
				found = append(found, path)
			}
			return nil
		})
	}
	return found, files
}

// The search proves something only if it finds a secret that is there.
func TestTheSearchFindsAPlantedPassword(t *testing.T) {
	if _, err := exec.LookPath("zstd"); err != nil {
		t.Skip("needs zstd: ", err)
	}
	secrets := spellings(t, hostilePassword)
	for name, cmd := range map[string]*exec.Cmd{
		"cmdline": exec.Command("sh", "-c", "sleep 0.2; :", "--password="+hostilePassword),
		"environ": {Path: "/bin/sleep", Args: []string{"sleep", "0.2"}, Env: []string{"MYSQL_PWD=" + hostilePassword}},
	} {
		end := watchProcesses(secrets)
		err := cmd.Run()
		if found, rounds := end(); err != nil || len(found) == 0 || rounds < 2 ||
			!strings.Contains(fmt.Sprint(found), name) {
			t.Errorf("%s: %v, %d rounds, %v", name, found, rounds, err)
		}
	}
	dir := t.TempDir()
	for i, s := range secrets {
		if err := os.WriteFile(fmt.Sprintf("%s/%d", dir, i), append([]byte("x"), s...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir+"/plain", []byte(hostilePassword), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("zstd", "-q", dir+"/plain", "-o", dir+"/packed.zst").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	if found, files := searchFiles(t, secrets, dir); files != len(secrets)+2 || len(found) != files {
		t.Errorf("%d of %d files, %q", len(found), files, found)
	}
}

// program is the module binary.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "overcloud_backup")
	if out, err := exec.Command("go", "build", "-o", path, "overcloud.backup/modules").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// unitRun is one run of a job as its unit runs it: the program of the job, then its stop command.
type unitRun struct{ job, dir, module, path string }

// inNamespace moves the folders of jobs into a mount namespace of the test.
const inNamespace = `set -e
mount --make-rprivate /
for at in /var/lib /run; do mkdir -p $at/overcloud.backup; mount --bind "$DIR$at" $at/overcloud.backup; done
set +e
"$MODULE" "$ARGUMENTS" --job "$STATE"
"$MODULE" "$ARGUMENTS" --undo "$STATE"`

// run returns everything that was printed, and the final state file.
func (u unitRun) run(t *testing.T, arguments map[string]any) (printed, state []byte) {
	t.Helper()
	store := jobs.Store{State: u.dir + "/var/lib/jobs", Run: u.dir + "/run"}
	if err := os.MkdirAll(u.dir+"/var/lib", 0o700); err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	job, err := store.Create(u.job, content, u.module)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "--mount", "sh", "-c", inNamespace)
	cmd.Env = append(os.Environ(), "PATH="+u.path, "TMPDIR="+u.dir, "DIR="+u.dir, "MODULE="+job.Binary(),
		"ARGUMENTS="+job.Arguments(), "STATE="+job.StateFile())
	printed, _ = cmd.CombinedOutput()
	for _, at := range []string{"/var/lib", "/run"} {
		_ = os.Remove(at + "/overcloud.backup") // which nothing else uses
	}
	state, err = os.ReadFile(job.StateFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(job.Arguments()); err != nil && !os.IsNotExist(err) {
		t.Fatal(err) // they hold the password while the job runs; the tests of jobs check that they are removed
	}
	return printed, state
}

// The module runs as its unit starts it: whether the backup succeeds, is refused or is stopped, no process shows the
// password at any time, and no file that is left holds it.
func TestNoProcessAndNoFileShowsThePassword(t *testing.T) {
	s := shared(t)
	if err := exec.Command("unshare", "--mount", "true").Run(); err != nil {
		t.Skip("needs a mount namespace: ", err)
	}
	if err := s.Client(t).Exec(t.Context(), "CREATE USER secretive@localhost IDENTIFIED BY ?",
		hostilePassword); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("DROP USER secretive@localhost")
	if _, err := s.SQL("GRANT RELOAD, PROCESS, BINLOG MONITOR, SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO" +
		" secretive@localhost"); err != nil {
		t.Fatal(err)
	}
	module, secrets := program(t), spellings(t, hostilePassword)
	hung := standIn(t, "mariadb-dump", "exec sleep 60")
	loud := standIn(t, "mariadb-dump", "cat /login/client.cnf >&2\ncat >&2 <<'END'\ncannot log in with "+
		hostilePassword+".\nEND\nexec /usr/bin/mariadb-dump \"$@\"")
	for name, tt := range map[string]struct {
		options map[string]any
		path    string
		failed  bool
		says    string
	}{
		"physical":                 {map[string]any{"method": "physical"}, "", false, `"method":"physical"`},
		"logical":                  {map[string]any{"method": "logical"}, "", false, `"method":"logical"`},
		"refused for its grants":   {map[string]any{"desync": "always"}, "", true, "lacks SUPER"},
		"a wrong option":           {map[string]any{"methods": hostilePassword}, "", true, "no such option"},
		"a wrong value":            {map[string]any{"method": hostilePassword}, "", true, "method"},
		"another password":         {map[string]any{"login_password": hostilePassword + "x"}, "", false, "was refused"},
		"as the name of a cluster": {map[string]any{"cluster": hostilePassword}, "", true, "cluster name"},
		"a tool that hangs": {map[string]any{"max_duration": 2, "method": "logical"}, filepath.Dir(hung), true,
			"max_duration of 2 s"},
		"a tool that prints it": {map[string]any{"method": "logical"}, filepath.Dir(loud), false, `"method":"logical"`},
	} {
		t.Run(name, func(t *testing.T) {
			u := unitRun{job: "j", dir: s.options(t).Destination, module: module,
				path: tt.path + ":" + os.Getenv("PATH")}
			arguments := map[string]any{"_ansible_module_name": "overcloud.backup.galera_backup",
				"destination": u.dir + "/sets", "job": u.job,
				"login_user": "secretive", "login_password": hostilePassword, "login_unix_socket": s.Socket,
				"min_spares": 0}
			maps.Copy(arguments, tt.options)
			end := watchProcesses(secrets)
			printed, state := u.run(t, arguments)
			found, rounds := end()
			if len(found) > 0 || rounds < 5 && !tt.failed {
				t.Errorf("in %d rounds found in %v", rounds, found)
			}
			var result struct{ Failed bool }
			if err := json.Unmarshal(state, &result); err != nil || result.Failed != tt.failed ||
				!strings.Contains(string(state), tt.says) {
				t.Errorf("%v: %s\n%s", err, state, printed)
			}
			if holds(printed, secrets) {
				t.Errorf("it is printed: %s", printed)
			}
			inFiles, files := searchFiles(t, secrets, u.dir, "/dev/shm")
			if len(inFiles) > 0 || !tt.failed && files < 8 {
				t.Errorf("of %d files it is in %q", files, inFiles)
			}
		})
	}
	said, err := os.ReadFile(filepath.Join(s.Dir, "log"))
	if err != nil || holds(said, secrets) {
		t.Errorf("the server's log shows it, or %v", err)
	}
}

// standIn creates a program of that name in a folder of its own; when asked for its version it runs the real one.
func standIn(t *testing.T, name, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	text := "#!/bin/bash\n[ \"$1\" = --version ] && exec /usr/bin/" + name + " --version\n" + script + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
