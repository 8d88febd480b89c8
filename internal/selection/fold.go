// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import "slices"

// explains lists, for a reason, those that follow from it. A reason is left out when its cause is among the others:
// who reads "standby" needs no "server_down" beside it.
var explains = map[Code][]Code{
	StaleFacts:      {ClusterIncomplete},
	Unclean:         append([]Code{NodeOffline}, lost...),
	NodeOffline:     lost,
	Pending:         lost,
	NoQuorum:        stopped,
	Standby:         stopped,
	Maintenance:     append([]Code{ResourceUnmanaged}, stopped...),
	ResourceFailed:  {NotRunning, ServerDown, ResourceUnmanaged}, // on-fail=block takes it out of management
	NotRunning:      {ServerDown},
	NotPrimary:      {Desynced, Donor, NotSynced, NotReady, FlowControl, RecvQueue, Lagging, ResourceFailed, ServerDown},
	Desynced:        behind,
	Donor:           behind,
	NotSynced:       {NotReady, RecvQueue, Lagging, ServerDown},
	NotReady:        {ServerDown},
	RecvQueue:       {Lagging},
	PacemakerUnread: {ResourceFailed},
}

var (
	// behind follows from a node that does not keep up on purpose.
	behind = []Code{NotSynced, NotReady, RecvQueue, Lagging, ServerDown}
	// stopped follows from a server that Pacemaker stopped or is stopping.
	stopped = []Code{NotRunning, NotPrimary, NotSynced, NotReady, ServerDown}
	// lost follows from a node that left the cluster.
	lost = append([]Code{NoQuorum, ResourceFailed, PacemakerUnread}, stopped...)
)

// final are reasons before which nothing else about a controller can be trusted.
var final = []Code{AmbiguousNames, StaleFacts}

// fold leaves out the reasons that follow from others. LastStandby is only worth telling to a controller that is
// otherwise sound: one that is out already is no spare.
func fold(reasons []Reason) []Reason {
	for _, r := range reasons {
		if slices.Contains(final, r.Code) {
			return []Reason{r}
		}
	}
	kept := []Reason{}
	for _, r := range reasons {
		if r.Code == LastStandby && len(reasons) > 1 || explained(r.Code, reasons) {
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

func explained(code Code, reasons []Reason) bool {
	return slices.ContainsFunc(reasons, func(r Reason) bool {
		return r.Code != code && slices.Contains(explains[r.Code], code)
	})
}
