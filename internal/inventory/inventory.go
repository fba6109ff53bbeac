// Package inventory owns access_grants: what a person can reach, who took it away, and who saw that it is gone.
//
//	listed ──revoke──► revoked ──attest (another person)──► attested ──restore──► restored
//	  ▲                   │
//	  └──undo revocation──┘
//
// A grant is closed only when it is attested: whoever presses the button is not the one who checks that it worked.
// The package knows nothing of cases beyond their id; who may see or change a case's inventory is decided, and the
// audit entry is recorded, by internal/incident.
package inventory

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/internal/platform/apperr"
)

// ID identifies a grant.
type ID string

// Grant is one thing the person can reach.
type Grant struct {
	ID         ID
	PersonID   string
	CaseID     *string
	System     string
	Level      string
	Account    string
	GrantedOn  *time.Time
	Note       string
	ListedAt   time.Time
	ListedBy   *string
	RevokedAt  *time.Time
	RevokedBy  *string
	AttestedAt *time.Time
	AttestedBy *string
	RestoredAt *time.Time
	RestoredBy *string
	Version    int
	// The names behind ListedBy, RevokedBy, AttestedBy and RestoredBy; empty for the system.
	Lister, Revoker, Attester, Restorer string
}

// State is where a grant stands.
type State string

// The states, in order.
const (
	Listed   State = "listed"
	Revoked  State = "revoked"
	Attested State = "attested"
	Restored State = "restored"
)

// State is where the grant stands.
func (g Grant) State() State {
	switch {
	case g.RestoredAt != nil:
		return Restored
	case g.AttestedAt != nil:
		return Attested
	case g.RevokedAt != nil:
		return Revoked
	}
	return Listed
}

// Title names the grant on one line: the system, the level and the account.
func (g Grant) Title() string {
	title := g.System
	if g.Level != "" {
		title += ", " + g.Level
	}
	if g.Account != "" {
		title += " (" + g.Account + ")"
	}
	return title
}

// Counts says how many grants there are and how far they are taken away. Restored ones count as attested too.
type Counts struct {
	Total, Open, Revoked, Attested, Restored int
}

// Tally counts from how many grants there are, how many of them were restored, and those that are neither attested nor
// restored. Open ones are those still in place; Revoked ones wait for a second person.
func Tally(total, restored int, left []Grant) Counts {
	c := Counts{Total: total, Restored: restored, Attested: total - len(left)}
	for _, g := range left {
		if g.State() == Listed {
			c.Open++
		} else {
			c.Revoked++
		}
	}
	return c
}

// New describes a grant to be listed.
type New struct {
	System    string
	Level     string
	Account   string
	GrantedOn *time.Time
	Note      string
}

const maxText = 300

// tidy trims the texts and says what does not fit.
func (n *New) tidy() error {
	n.System, n.Level, n.Account, n.Note = trim(n.System), trim(n.Level), trim(n.Account), trim(n.Note)
	var p apperr.Problems
	p.Check(n.System != "", "system", "Name the system, for example “Code host”.")
	p.Check(len(n.System) <= maxText, "system", "Use at most %d characters.", maxText)
	p.Check(len(n.Level) <= maxText, "level", "Use at most %d characters.", maxText)
	p.Check(len(n.Account) <= maxText, "account", "Use at most %d characters.", maxText)
	p.Check(len(n.Note) <= 2000, "note", "Use at most 2,000 characters.")
	return p.Err()
}

// trim takes away the space around a text, and the byte order marks that spreadsheets and editors leave there.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
}

// key tells whether two grants are the same thing.
func (n New) key() string {
	return strings.ToLower(n.System + "\x00" + n.Level + "\x00" + n.Account)
}

// MaxLines is how many grants one import may hold.
const MaxLines = 1000

// ReadLines reads pasted or uploaded CSV: system, level, account, granted on (2026-11-22), one grant a line. A first
// line of headings is passed over. Every faulty line is named, as "line 3", and then nothing is to be kept: the
// person corrects the text and sends it again, without wondering which half went in.
func ReadLines(r io.Reader) ([]New, error) {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	var grants []New
	var p apperr.Problems
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			p.Add(at(broken.StartLine), "Quotes do not match.")
			break // what follows an unclosed quote cannot be told apart
		}
		if err != nil {
			return nil, fmt.Errorf("read lines: %w", err)
		}
		line, _ := reader.FieldPos(0)
		if slices.ContainsFunc(record, func(s string) bool { return !utf8.ValidString(s) || strings.ContainsRune(s, 0) }) {
			p.Add(at(line), "This is no text. Save the list as CSV in UTF-8.")
			break // nor is the rest
		}
		if len(grants) == 0 && isHeading(record) {
			continue
		}
		n, err := readLine(record)
		if err != nil {
			p.Add(at(line), "%s", err)
			continue
		}
		grants = append(grants, n)
	}
	p.Check(len(grants) <= MaxLines, "lines", "Import at most %d lines at once.", MaxLines)
	if err := p.Err(); err != nil {
		return nil, err
	}
	if len(grants) == 0 {
		return nil, apperr.Invalid("lines", "Paste at least one line: system, level, account, granted on.")
	}
	return grants, nil
}

func at(line int) string { return fmt.Sprintf("line %d", line) }

func isHeading(record []string) bool {
	return strings.EqualFold(trim(record[0]), "system")
}

func readLine(record []string) (New, error) {
	if len(record) > 4 {
		return New{}, fmt.Errorf("There are %d columns; expected are system, level, account, granted on.", len(record))
	}
	column := func(i int) string {
		if i < len(record) {
			return trim(record[i])
		}
		return ""
	}
	n := New{System: column(0), Level: column(1), Account: column(2)}
	if day := column(3); day != "" {
		granted, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return New{}, fmt.Errorf("“%s” is not a date such as 2026-11-22.", day)
		}
		n.GrantedOn = &granted
	}
	if err := n.tidy(); err != nil {
		invalid, _ := apperr.AsInvalid(err)
		for _, message := range invalid.Fields {
			return New{}, errors.New(message)
		}
	}
	return n, nil
}
