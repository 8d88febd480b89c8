// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import "regexp"

// aMoment is the form of a moment in a schedule, as a server writes it.
var aMoment = regexp.MustCompile(`^'[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}'$`)

// schedule reads the part that a server writes between an event's name and its body, such as
//
//	ON SCHEDULE EVERY 1 DAY STARTS '2026-12-01 02:00:00' ENDS '2026-12-31 02:00:00'
//	ON COMPLETION NOT PRESERVE DISABLE ON SLAVE
//
// It is nil if that is written in another way.
func schedule(l *lexer) *Event {
	e := &Event{}
	if !l.have("ON", "SCHEDULE") {
		return nil
	}
	switch {
	case l.have("AT"):
		e.Once = true
		if !e.over(l) {
			return nil
		}
	case !l.have("EVERY") || !every(l) || l.have("ENDS") && !e.over(l):
		return nil
	}
	if !l.have("ON", "COMPLETION") || !l.have("NOT", "PRESERVE") && !l.have("PRESERVE") {
		return nil
	}
	switch {
	case l.have("ENABLE"):
		e.Status = "ENABLE"
	case l.have("DISABLE", "ON", "SLAVE"):
		e.Status = "DISABLE ON SLAVE"
	case l.have("DISABLE"):
		e.Status = "DISABLE"
	default:
		return nil
	}
	return e
}

// every reads "1 DAY" or "'1:30' HOUR_MINUTE", and its start.
func every(l *lexer) bool {
	if t := l.next(); t.class != digits && t.class != text {
		return false
	}
	if l.next().class != word {
		return false
	}
	return !l.have("STARTS") || aMoment.MatchString(l.next().text)
}

func (e *Event) over(l *lexer) bool {
	e.Over = l.next().text
	return aMoment.MatchString(e.Over)
}
