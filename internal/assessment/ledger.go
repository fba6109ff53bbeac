package assessment

import (
	"slices"
	"strconv"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
)

// entry is an outcome as it is stored: one row of the table outcomes.
type entry struct {
	ItemID     string
	OriginKind string
	OriginID   string
	Answer     catalogue.Answer
	Note       string
	Count      int
	NotedAt    time.Time
	NotedBy    *string
}

// origin names one finding.
type origin struct{ item, kind, id string }

func (e entry) origin() origin { return origin{e.ItemID, e.OriginKind, e.OriginID} }

// ledger is everything reported of one person, with the flags that came of it.
//
// A finding whose flag is explained is sealed: its entry stays as it is. What the same origin reports afterwards and
// was not explained by it – a worse answer in an amended scorecard, a check recorded anew, events after the
// explanation – is a new finding and is entered beside it, under the origin "<id>#2", "#3" and so on.
type ledger struct {
	entries []entry
	flags   map[origin]flag.Flag
}

func newLedger(entries []entry, flags []flag.Flag) ledger {
	l := ledger{entries: entries, flags: make(map[origin]flag.Flag, len(flags))}
	for _, f := range flags {
		l.flags[origin{f.ItemID, f.OriginKind, f.OriginID}] = f
	}
	return l
}

// enter puts a reported outcome into the ledger and returns the entry to store; changed is false when it is there already.
func (l *ledger) enter(o Outcome) (e entry, changed bool) {
	e = entry{ItemID: o.ItemID, OriginKind: o.OriginKind, OriginID: o.OriginID,
		Answer: o.Answer, Note: o.Note, Count: max(1, o.Count), NotedAt: o.At}
	at, sealed := -1, 0
	for round := 1; ; round++ {
		e.OriginID = roundID(o.OriginID, round)
		next := slices.IndexFunc(l.entries, func(x entry) bool { return x.origin() == e.origin() })
		if next < 0 {
			break
		}
		if at >= 0 {
			sealed += l.entries[at].Count
		}
		at = next
	}
	if at >= 0 && !l.beyondSeal(l.entries[at], o, sealed) {
		e.OriginID = l.entries[at].OriginID
		e.Count = max(1, e.Count-sealed)
		if last := l.entries[at]; o.OriginKind == flag.FromSignal && l.flags[last.origin()].State == flag.Explained {
			e.Note = last.Note // what was explained stays as those who did so read it
		}
		if same(l.entries[at], e) {
			return e, false
		}
		l.entries[at] = e
		return e, true
	}
	if at >= 0 {
		e.Count = max(1, e.Count-sealed-l.entries[at].Count)
	}
	l.entries = append(l.entries, e)
	return e, true
}

// beyondSeal reports whether o is a new finding although its origin's finding is explained. sealed is how often the
// earlier rounds of the origin were seen.
func (l *ledger) beyondSeal(last entry, o Outcome, sealed int) bool {
	f, ok := l.flags[last.origin()]
	if !ok || f.State != flag.Explained || f.DisposedAt == nil || !finding(o.Answer) {
		return false
	}
	switch o.OriginKind {
	case flag.FromAnswer:
		return severity(o.Answer) > severity(f.Answer)
	case flag.FromSignal:
		return o.At.After(*f.DisposedAt) && o.Count > sealed+last.Count
	}
	return o.At.After(*f.DisposedAt)
}

func same(a, b entry) bool { return a.Answer == b.Answer && a.Note == b.Note && a.Count == b.Count }

func roundID(originID string, round int) string {
	if round == 1 {
		return originID
	}
	return originID + "#" + strconv.Itoa(round)
}

// findings is the ledger as Assess takes it: each entry with the state that its flag counts with.
func (l *ledger) findings() []Finding {
	list := make([]Finding, 0, len(l.entries))
	for _, e := range l.entries {
		f := Finding{ID: e.ItemID, Answer: e.Answer, Count: e.Count, Source: e.OriginKind + ":" + e.OriginID}
		if fl, ok := l.flags[e.origin()]; ok && fl.WithdrawnAt == nil {
			f.Disposition = Disposition(fl.Counts())
		}
		list = append(list, f)
	}
	return list
}

// rest lets all flags rest or wait again, and reports whether that changes any.
func (l *ledger) rest(rests bool) (changed bool) {
	for o, f := range l.flags {
		changed = changed || f.Rests != rests
		f.Rests = rests
		l.flags[o] = f
	}
	return changed
}

// waiting counts the flags that ask for a disposition.
func (l *ledger) waiting() int {
	n := 0
	for _, f := range l.flags {
		if f.Waits() {
			n++
		}
	}
	return n
}

// worst is, per item, the answer that counts now: the worst of those that are not explained. An item of which
// everything is explained is clear; one that nobody answered is absent or not done.
func (l *ledger) worst() map[string]catalogue.Answer {
	order := []catalogue.Answer{"", catalogue.NotDone, catalogue.Clear, catalogue.Concern, catalogue.Raised, catalogue.RedFlag}
	worst := map[string]catalogue.Answer{}
	for _, f := range l.findings() {
		answer := f.Answer
		if f.Disposition == Explained && finding(answer) {
			answer = catalogue.Clear
		}
		if slices.Index(order, answer) > slices.Index(order, worst[f.ID]) {
			worst[f.ID] = answer
		}
	}
	return worst
}

// finding tells an answer that raises a flag from one that does not.
func finding(a catalogue.Answer) bool {
	return a == catalogue.Concern || a == catalogue.RedFlag || a == catalogue.Raised
}

func checkAnswer(a catalogue.Answer) bool { return slices.Contains(catalogue.Answers(), a) }

// signalAnswer allows, beside raised, what a person may make of a signal that they looked at.
func signalAnswer(a catalogue.Answer) bool { return a == catalogue.Raised || a == catalogue.RedFlag }

// answerWord is the answer in words, for causes and histories.
func answerWord(a catalogue.Answer) string {
	switch a {
	case catalogue.RedFlag:
		return "red flag"
	case catalogue.NotDone:
		return "not done"
	}
	return string(a)
}
