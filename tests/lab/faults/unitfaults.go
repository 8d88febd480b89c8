// SPDX-License-Identifier: GPL-3.0-or-later

package main

import "fmt"

// unitFault is a fault that needs no lab, and the Go test of it.
type unitFault struct{ fault, folder, test string }

func (c unitFault) row() string {
	return fmt.Sprintf("| %s | `%s` in `%s` |\n", c.fault, c.test, c.folder)
}

// unitFaults are faults that need no lab.
var unitFaults = []unitFault{
	{"two nodes claim to be idle, all are active, none is", "internal/selection", "TestScenarios"},
	{"non-Primary, Donor, Joiner, desynced, maintenance, unclean, pending: never chosen", "internal/selection",
		"TestEachCodeRejectsAlone"},
	{"a host that is out of reach, two hosts that claim one node", "internal/selection",
		"TestAHostThatIsOutOfReachBelongsToTheClusterThatKnowsIt"},
	{"facts that lack what decides", "internal/selection", "TestNoMissingKeyHidesADefect"},
	{"Pacemaker without quorum", "internal/pacemaker", "TestQuorumWithoutVotes"},
	{"crm_mon hangs, with children", "internal/pacemaker", "TestACommandThatHangsIsKilledWithItsChildren"},
	{"crm_mon exits with 0 and lies: empty, cut, HTML, errors", "internal/pacemaker", "TestCrmMonThatLies"},
	{"XML of 200 MB, deep, with entities", "internal/pacemaker/xmldoc", "TestTheWorstDocumentFitsInMemory"},
	{"any XML", "internal/pacemaker/crmmon", "FuzzParseStatus"},
	{"no Pacemaker, or not connected", "internal/pacemaker", "TestAHostWithoutPacemaker"},
	{"the HAProxy socket is missing, a file, a link, forbidden", "internal/haproxy/endpoint",
		"TestAskRefusesOtherFiles"},
	{"the HAProxy socket never answers, byte by byte, garbage", "internal/haproxy/endpoint",
		"TestAskReportsErrorsOfThePeer"},
	{"an answer of HAProxy that is too large", "internal/haproxy/endpoint", "TestAskKeepsAtMostTheCap"},
	{"a statistics port that is not HAProxy's", "internal/haproxy", "TestTheStatisticsPasswordGoesToHAProxyAlone"},
	{"somebody else's process named haproxy", "internal/haproxy", "TestAStrangersProcessIsNoHAProxy"},
	{"CSV with other columns, quotes, several processes", "internal/haproxy/stats", "TestParseStatFindsColumnsByName"},
	{"any CSV", "internal/haproxy/stats", "FuzzParseStat"},
	{"a sink that stops 20 kB before the end", "internal/zframe", "TestTheBufferAbsorbsAStallOfTheSink"},
	{"a write that fails, whatever the file", "internal/repository/local", "TestACommitThatFailsLeavesNoSet"},
	{"a stream cut at a chunk boundary", "internal/xbstream", "TestCutStreams"},
	{"a stream that mbstream does not unpack", "internal/xbstream", "TestNamesThatMbstreamDoesNotUnpackAreRefused"},
	{"an unpacking that leaves a file out", "internal/rebuild", "TestFilesThatWereNotUnpackedAreNoticed"},
	{"a set cut at a frame boundary, all checksums kept", "internal/repository",
		"TestCutsThatKeepAllChecksumsAreFound"},
	{"one bit flipped anywhere", "internal/repository", "TestEveryFlippedBitIsFound"},
	{"files swapped between sets", "internal/repository", "TestMissingSwappedAndReplacedFilesAreNamed"},
	{"the manifest of another set", "internal/repository", "TestTheManifestOfAnotherSetIsRefused"},
	{"a server whose socket belongs to another datadir", "internal/backup/tool", "TestIdentity"},
	{"a tool that stalls, with children", "internal/backup", "TestAStalledToolIsKilledWithItsChildren"},
	{"a schema that changes under a dump", "internal/backup", "TestASchemaThatChangesUnderADumpIsAFailure"},
	{"missing privileges, expired and locked accounts", "internal/backup", "TestPrepareRefuses"},
	{"clocks: two sets within a second, a clock that went back", "internal/repository/local",
		"TestNamesAreUniqueWithinASecondAndSortByTime"},
	{"links, foreign owners and writable parents in the destination", "internal/repository/local",
		"TestBadDestinationsAreRefused"},
	{"files planted in a set", "internal/repository/local", "TestPlantedFilesAreRefused"},
	{"hostile names", "internal/repository/local", "TestHostileNamesAreRefused"},
	{"names of schemas and users with quotes", "internal/mariadb/token", "FuzzQuoteName"},
	{"a password anywhere: arguments, environment, logs, results", "internal/backup",
		"TestThePasswordIsNowhereToBeSeen"},
	{"a journal with any byte flipped", "internal/journal", "TestEveryFlippedByteIsNoticed"},
	{"a journal whose last line is torn", "internal/journal", "TestATornLastLineNeverBegan"},
}
