// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"testing"

	"overcloud.backup/tests/node"
)

func TestMain(m *testing.M) { node.Main(m) }
