// Package person owns the human record and the key that a person's evidence is encrypted under: the tables people
// and person_keys.
//
// The row is what lists read. Features below report into it (SetPlace: where the person stands in hiring;
// SetStanding: how the assessment came out), so that a page of fifty people needs one index and no join.
//
// It also says which people an actor sees (Visible); every read of anything about a person goes by that.
package person

import (
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/apperr"
)

// ID identifies a person.
type ID string

// Number is a person's number for people: short enough to say on the phone, and no secret.
type Number int64

// String writes the number as pages show it: C-000123.
func (n Number) String() string {
	digits := strconv.FormatInt(int64(n), 10)
	return "C-" + "000000"[min(len(digits), 6):] + digits
}

// ParseNumber reads a number as String writes it, or the bare digits.
func ParseNumber(s string) (Number, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 2 && (s[0] == 'C' || s[0] == 'c') && s[1] == '-' {
		s = s[2:]
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return Number(n), err == nil && n > 0
}

// Status is where a person is on the whole way.
type Status string

// The statuses. Closed means that hiring ended without a hire, for whatever reason; Erased, that the personal data is gone and
// only the number and the record of what was done are left.
const (
	Candidate Status = "candidate"
	Engaged   Status = "engaged"
	Former    Status = "former"
	Closed    Status = "closed"
	Erased    Status = "erased"
)

// Statuses lists the statuses in the order of the way, those that lists can be narrowed to.
func Statuses() []Status { return []Status{Candidate, Engaged, Former, Closed} }

// Title is the status as shown to people.
func (s Status) Title() string {
	switch s {
	case Candidate:
		return "In hiring"
	case Engaged:
		return "Engaged"
	case Former:
		return "Former"
	case Closed:
		return "Closed"
	case Erased:
		return "Erased"
	}
	return string(s)
}

// Person is the human record.
type Person struct {
	ID           ID
	Number       Number
	Name         string
	Location     string
	TimeZone     string
	ChannelID    string
	ReferrerName string
	ReferrerID   *ID
	Status       Status

	// Where the person stands in hiring, reported by hiring.
	ApplicationID *string
	JobID         *string
	JobTitle      string
	ManagerID     *string
	StageID       string
	StageSince    *time.Time
	// Missing counts the required checks that still block the next stage.
	Missing int

	// How the assessment came out, reported by assessment. Coverage is in percent; band and coverage are shown together.
	Band      catalogue.Band
	Score     int
	Coverage  int
	OpenFlags int

	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int
	ErasedAt  *time.Time
}

// New is what is entered of a person; Edit replaces the same fields.
type New struct {
	// ID is given by the form that the person is entered with, so that it makes one person however often it is sent.
	// Empty gives them one; Edit leaves it alone.
	ID ID

	Name, Location, TimeZone, ChannelID, ReferrerName string
	ReferrerID                                        *ID
}

// Problems lists what does not fit, by field of the form.
func (n *New) Problems(p *apperr.Problems) {
	n.Name, n.Location, n.TimeZone = strings.TrimSpace(n.Name), strings.TrimSpace(n.Location), strings.TrimSpace(n.TimeZone)
	// A referrer is looked for by name: how many spaces stand in it is nobody's meaning.
	n.ReferrerName = strings.Join(strings.Fields(n.ReferrerName), " ")
	p.Check(n.Name != "", "name", "Enter the name the person goes by.")
	for field, text := range map[string]string{"name": n.Name, "location": n.Location, "referrer_name": n.ReferrerName} {
		p.Check(len([]rune(text)) <= 200, field, "Use at most 200 characters.")
		p.Check(!strings.ContainsRune(text, 0), field, "Remove the characters that cannot be shown.")
	}
	if n.TimeZone != "" {
		_, err := time.LoadLocation(n.TimeZone)
		p.Check(err == nil && n.TimeZone != "Local", "time_zone", "Choose a time zone such as Europe/Lisbon.")
	}
}

// Place is where a person stands in hiring. Awaited are the required checks that must be answered before the next
// stage: from them the row's count of missing checks is kept, here and whenever the assessment changes.
type Place struct {
	Status        Status
	ApplicationID *string
	JobID         *string
	JobTitle      string
	ManagerID     *string
	StageID       string
	StageSince    *time.Time
	Awaited       []string
}

// Standing is how the assessment of a person came out; Coverage is in percent.
type Standing struct {
	Band      catalogue.Band
	Score     int
	Coverage  int
	OpenFlags int
}
