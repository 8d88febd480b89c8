// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"testing"

	"overcloud.backup/tests/node"
)

func TestMain(m *testing.M) { node.Main(m) }
