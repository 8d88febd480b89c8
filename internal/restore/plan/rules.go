// SPDX-License-Identifier: GPL-3.0-or-later

package plan

// Meaning is a code with what it means.
type Meaning struct {
	Code    Code
	Meaning string
}

// Meanings returns all refusals, in the order in which they are checked.
func Meanings() (all []Meaning) {
	for _, r := range rules {
		all = append(all, Meaning{Code: r.code, Meaning: r.meaning})
	}
	return all
}

// rule refuses a plan. check returns what to tell the operator, or nothing if the rule has no objection.
type rule struct {
	code    Code
	of      []State
	meaning string
	check   func(*situation) string
}

// rules are checked in this order; the first that objects refuses. Those about who takes part come first, because
// without all of them nothing else is known; that of confirmation comes last, when it is known what is to be confirmed.
var rules = []rule{
	{
		code: "controller_missing", of: cluster, check: missing,
		meaning: "a controller could not be asked; it would bring its old data back",
	},
	{
		code: "several_clusters", of: cluster, check: severalClusters,
		meaning: "the controllers run the databases of several clusters",
	},
	{
		code: "other_controllers", of: cluster, check: otherControllers,
		meaning: "the controllers that were asked are not exactly those that run the database",
	},
	{
		code: "controller_unfit", of: cluster, check: unfit,
		meaning: "a controller has a problem that keeps it from being restored",
	},
	{
		code: "rejoin_under_way", of: []State{RolledBack}, check: rejoinUnderWay,
		meaning: "a single controller is being rejoined",
	},
	{
		code: "nobody_answers", of: states, check: nobodyAnswered,
		meaning: "no controller could be asked",
	},
	{
		code: "rollback_under_way", of: []State{Restored}, check: rollbackUnderWay,
		meaning: "the restore under way is being rolled back",
	},
	{
		code: "no_set", of: []State{Restored, Loaded, Configured}, check: noSet,
		meaning: "no controller sees the set",
	},
	{
		code: "another_set", of: []State{Restored}, check: anotherSet,
		meaning: "a restore of another set is under way",
	},
	{
		code: "set_not_seen", of: []State{Restored, Loaded}, check: setNotSeen,
		meaning: "the chosen controller does not see the set",
	},
	{
		code: "set_not_known", of: []State{Restored}, check: setNotKnown,
		meaning: "only other controllers report the restore under way, not the chosen one",
	},
	{
		code: "cost_not_known", of: []State{Restored}, check: costNotKnown,
		meaning: "the chosen controller does not report how much space the set needs",
	},
	{
		code: "too_little_room", of: []State{Restored}, check: tooLittleRoom,
		meaning: "a controller has too little space for a second copy of the data",
	},
	{
		code: "stranger_chosen", of: []State{RolledBack}, check: strangerChosen,
		meaning: "the chosen controller is not one of those that were asked",
	},
	{
		code: "nothing_to_undo", of: []State{RolledBack}, check: nothingToUndo,
		meaning: "no restore was begun, or the last one was already rolled back",
	},
	{
		code: "no_old_data", of: []State{RolledBack}, check: noOldData,
		meaning: "no controller has its original datadir",
	},
	{
		code: "no_controller", of: []State{Rejoined}, check: noController,
		meaning: "no controller was named for the rejoin",
	},
	{
		code: NotConfirmed, of: states, check: notConfirmed,
		meaning: "the operation is not confirmed by name",
	},
}
