// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"fmt"
	"os"
	"path/filepath"
)

// systemFolders hold programs that an unprivileged PATH, or that of a job, leaves out.
var systemFolders = []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// Find looks a program up on PATH, then in the system's folders; ErrNotFound. A program of the working folder is never
// meant.
func Find(name string) (string, error) {
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), systemFolders...) {
		path := filepath.Join(folder, name)
		if !filepath.IsAbs(path) {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: %w", name, ErrNotFound)
}
