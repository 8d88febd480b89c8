// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
	"fmt"
	"os"
)

// SecretFile puts an option file with a password where nobody can find it: in memory, without a name. A program gets
// it as an open file, and reads it from InheritedFile.
func SecretFile(content []byte) (*os.File, error) {
	f, err := os.CreateTemp("/dev/shm", "")
	if err != nil {
		return nil, fmt.Errorf("keep the login for the tool: %w", err)
	}
	err = os.Remove(f.Name())
	if err == nil {
		_, err = f.Write(content)
	}
	if err != nil {
		return nil, fmt.Errorf("keep the login for the tool: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}

// InheritedFile is the first of exec.Cmd.ExtraFiles, as the program sees it.
const InheritedFile = "/proc/self/fd/3"
