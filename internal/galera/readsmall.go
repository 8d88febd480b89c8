// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"fmt"
	"io"
	"os"
)

// maxSmall bounds the small files read here: grastate.dat has five lines.
const maxSmall = 64 << 10

// readSmall reads a regular file that is small by nature. A symbolic link or a pipe in its place is refused: the
// datadir belongs to the server's user, and we are root.
func readSmall(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSmall+1))
	if err == nil && len(data) > maxSmall {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxSmall)
	}
	return data, err
}
