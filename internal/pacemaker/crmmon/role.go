// SPDX-License-Identifier: GPL-3.0-or-later

package crmmon

import "strings"

// roleNames has every spelling: 2.1 says Promoted where 1.1 and 2.0 say Master. Target roles may be in lower case.
var roleNames = map[string]Role{
	"stopped":    RoleStopped,
	"started":    RoleStarted,
	"slave":      RoleUnpromoted,
	"unpromoted": RoleUnpromoted,
	"master":     RolePromoted,
	"promoted":   RolePromoted,
	"starting":   RoleStarting,
	"stopping":   RoleStopping,
	"promoting":  RolePromoting,
	"demoting":   RoleDemoting,
	"migrating":  RoleMigrating,
}

// ParseRole reads a role as any version prints it. An unknown role is RoleUnknown.
func ParseRole(s string) Role { return roleNames[strings.ToLower(s)] }
