// SPDX-License-Identifier: GPL-3.0-or-later

package logins

import (
	"testing"

	"overcloud.backup/tests/mariadbd"
)

func TestMain(m *testing.M) { mariadbd.Main(m) }
