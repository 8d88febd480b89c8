// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"context"
	"errors"
	"strings"
	"testing"

	"overcloud.backup/tests/messages"
)

// The last output of a program is repeated, but not an endless line, and no terminal escapes.
func TestTheOutputOfAProgramIsRepeatedBriefly(t *testing.T) {
	for _, script := range []string{
		"yes 'a line without end' | head -n 9000 | tr '\\n' ' ' >&2; exit 3",
		`printf 'first\nbad \033]0;title\007 \302\233 \377 \000' >&2; exit 3`,
	} {
		_, err := Output(context.Background(), "sh", "-c", script)
		var exit *ExitError
		if !errors.As(err, &exit) || exit.Code != 3 {
			t.Fatal(err)
		}
		if text := err.Error(); len(text) > 3000 || !strings.HasPrefix(text, "sh: exit status 3: ") {
			t.Errorf("%d bytes: %.300q", len(text), text)
		}
		if text := err.Error(); len(text) < messages.Most {
			messages.Check(t, err)
		}
	}
}
