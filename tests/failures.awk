# SPDX-License-Identifier: GPL-3.0-or-later
# Reads the output of go test -v: prints what failed, with its output, and how many tests were skipped for which reason.
/^=== (RUN|NAME|CONT|PAUSE)/ { test = $3; compiler = 0; next }
/^ *--- (PASS|FAIL|SKIP): / {
  if ($2 == "FAIL:") printf "%s\n%s", $0, printed[$3]
  if ($2 == "SKIP:" && match(printed[$3], /_test\.go:[0-9]+: [^\n]*/)) {
    reason = substr(printed[$3], RSTART, RLENGTH)
    sub(/^[^ ]* /, "", reason)
    reasons[substr(reason, 1, 90)]++
  }
  count[$2]++
  delete printed[$3]
  next
}
/^(PASS|FAIL)$/ || /^(ok|\?) *\t/ { test = ""; printed[""] = ""; compiler = 0; next }
/^# / { compiler = 1 }
compiler && !/^FAIL/ { print; next }
# A package that failed; the rest of its output is a panic, or an error of the compiler.
/^FAIL\t/ {
  printf "%s%s\n", printed[test], $0
  test = ""
  compiler = 0
  delete printed
  next
}
lines[test]++ < 200 { printed[test] = printed[test] $0 "\n" }
END {
  for (reason in reasons) printf "left out: %d %s\n", reasons[reason], reason
  printf "%d tests passed, %d failed, %d left out\n", count["PASS:"], count["FAIL:"], count["SKIP:"]
}
