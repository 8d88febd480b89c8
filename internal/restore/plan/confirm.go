// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"fmt"
	"strings"
)

// Confirmed reports whether the operator has confirmed, by name, what is replaced. Nothing without a name can be
// confirmed.
func Confirmed(given, name string) bool { return name != "" && given == name }

// notConfirmed refuses what takes data or configuration out of use, unless the operator names them. It is the one place
// where that is checked before anything is done; a controller that makes a set ready, gives up its data or replaces
// Pacemaker's configuration checks again, against its own state.
func notConfirmed(s *situation) string {
	name, why := s.toConfirm()
	if why == "" || s.CheckMode || Confirmed(s.Confirm, name) {
		return ""
	}
	if name == "" {
		return fmt.Sprintf("%s. Nobody can: the path of the set, %q, names no cluster.%s", why, s.set, unchanged)
	}
	return fmt.Sprintf("%s: controller_restore_confirm=%s (it is %q).%s", why, name, s.Confirm, unchanged)
}

// toConfirm returns the name by which a plan is confirmed, and the text that asks for it; empty if nothing has to be
// confirmed.
func (s *situation) toConfirm() (name, why string) {
	switch s.State {
	case Restored:
		return s.cluster(), "All data of the cluster would be replaced. Confirm that by its name"
	case RolledBack:
		return s.cluster(), s.lost()
	case Rejoined:
		return s.target.Node.Name, "The data of this controller would be replaced with that of the others; " +
			"confirm that by its name, " + s.target.Node.Name
	case Configured:
		if s.Push {
			return s.cluster(), "Pacemaker's whole configuration would be replaced; confirm that by the name of the" +
				" cluster"
		}
	}
	return "", ""
}

// lost says what a rollback would put out of use; empty if clients have written nothing since.
func (s *situation) lost() string {
	why := ""
	switch others := s.withAnother(); {
	case s.used():
		why = "Clients have used the restored data"
	case s.unsure():
		why = "Not every controller has a record of it, so clients may have used the data"
	case len(others) > 0:
		return fmt.Sprintf("Only %s has a record of the restore %s. At the end of its rollback the record of another"+
			" one, %s, on %s is replaced, and that one cannot be rolled back any more. Confirm that by"+
			" the cluster's name",
			strings.Join(hosts(s.mine), ", "), s.job, others[0].Book.Job, strings.Join(hosts(others), ", "))
	default:
		return ""
	}
	return why + " since " + s.began + ", and all that they wrote would be out of use. Confirm that by the cluster's" +
		" name"
}
