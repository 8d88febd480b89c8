// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"errors"
	"fmt"
	"os"
)

// secretFile puts an option file with a password where nobody can find it: in memory, without a name. A program gets
// it as an open file, and reads it from inheritedFile.
func secretFile(content []byte) (*os.File, error) {
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

// inheritedFile is the first of exec.Cmd.ExtraFiles, as the program sees it.
const inheritedFile = "/proc/self/fd/3"
