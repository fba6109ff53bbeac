// Package signal owns telemetry events about people who work for us: the tables signals, signal_batches, signal_days,
// signal_sources and signal_totals. It takes them in by the thousand from machines (Ingest) and one by one from people
// (Record), lists them, and tells the assessment.
//
// A signal is recognised by source, external id and event time, so that a source may send again whatever it is not
// sure of. It names a person, or an account of theirs. One that resolves to nobody is kept all the same.
//
// What arrives is stored at once, with its audit entry, and counted afterwards (TakeUp): a request of ten thousand
// lines would otherwise have to assess as many people before it is answered. A batch therefore carries its tally
// until it is taken up, and signal_totals says of how many signals the assessment does not know yet:
//
//	Ingest ─► signals, signal_batches ─► fold ─► signal_days, signal_sources, signal_totals ─► note ─► assessment
package signal

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/page"
)

// ID identifies a signal. Signals are found by Place, which names the time too.
type ID string

// BatchID identifies what came with one request.
type BatchID string

// Signal is one event.
type Signal struct {
	ID           ID
	BatchID      BatchID
	Source       string
	ExternalID   string
	OccurredAt   time.Time
	SignalID     string // the kind, of the catalogue
	PersonID     *person.ID
	PersonName   string
	PersonNumber person.Number
	EngagementID *hiring.EngagementID
	Account      string
	Detail       json.RawMessage
}

// Place is where the signal stands among all signals: what its page is found by, and what evidence about it is
// attached to.
func (s Signal) Place() string { return at(s).String() }

func at(s Signal) page.Cursor[time.Time] {
	return page.Cursor[time.Time]{Key: s.OccurredAt, ID: string(s.ID)}
}

// Line is one event as a source sends it.
type Line struct {
	// Number is the line's place in the request, from 1.
	Number                       int
	Source, ExternalID, SignalID string
	OccurredAt                   time.Time
	// Person is a person's id or number (C-000123); without it, Account says who is meant.
	Person, Account string
	// Detail is a JSON object, or empty.
	Detail []byte
	// Problem says why the line could not even be read. Such a line is only reported.
	Problem string
}

// LineError says why a line was not taken.
type LineError struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

// Receipt is the answer to a batch. Accepted, Duplicates and Rejected add up to the number of lines; Unresolved counts
// accepted lines that name nobody we know.
type Receipt struct {
	Batch      BatchID     `json:"batch"`
	Accepted   int         `json:"accepted"`
	Duplicates int         `json:"duplicates"`
	Rejected   int         `json:"rejected"`
	Unresolved int         `json:"unresolved"`
	Errors     []LineError `json:"errors"`
}

const (
	// MaxLines is how many lines a batch may have.
	MaxLines = 10_000
	// MaxDetail is how long the detail of a line may be, in bytes.
	MaxDetail = 4 << 10
	// maxErrors is how many lines are reported one by one.
	maxErrors = 100

	maxSource   = 100
	maxExternal = 200
	maxAccount  = 200

	// byHand is the source of what people record. No machine may use it.
	byHand = "by hand"
)

// earliest and ahead bound event times: what lies outside is a clock gone wrong.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

const ahead = 24 * time.Hour

// check says what is wrong with a line, or "". ed is the catalogue in force.
func (l *Line) check(ed *catalogue.Edition, now time.Time) string {
	switch {
	case l.Problem != "":
		return l.Problem
	case !fits(l.Source, maxSource):
		return "source: between 1 and 100 printable characters"
	case l.Source == byHand:
		return "source: reserved for what people record"
	case !fits(l.ExternalID, maxExternal):
		return "external_id: between 1 and 200 printable characters"
	case l.OccurredAt.Before(earliest) || l.OccurredAt.After(now.Add(ahead)):
		return "occurred_at: before 2000, or more than a day ahead"
	case l.Person == "" && l.Account == "":
		return "person or account: one of them must say who is meant"
	case l.Account != "" && !fits(l.Account, maxAccount):
		return "account: at most 200 printable characters"
	case l.Person != "" && !reference(l.Person):
		return "person: an id, or a number such as C-000123"
	}
	if _, known := ed.Signal(l.SignalID); !known {
		return "signal: not in the catalogue"
	}
	if len(l.Detail) > MaxDetail {
		return "detail: longer than 4 KiB"
	}
	if len(l.Detail) > 0 && !storable(l.Detail) {
		return "detail: not a JSON object that can be stored"
	}
	return ""
}

// fits reports whether a name has between 1 and most bytes, all printable.
func fits(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= utf8.RuneSelf || s[i] == 0x7f {
			return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
		}
	}
	return true
}

// reference reports whether s can name a person.
func reference(s string) bool {
	if _, err := id.Parse(s); err == nil {
		return true
	}
	_, ok := person.ParseNumber(s)
	return ok
}
