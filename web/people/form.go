package people

import (
	"net/http"
	"strconv"
	"strings"

	"gatehouse/internal/claim"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/id"
	"gatehouse/web/request"
)

// form is what somebody typed about a candidate. Rows are in the order in which the service checks them, blank ones
// last, so that the number in a field's name is also the number in its message.
type form struct {
	ID       person.ID // empty for a new candidate
	Once     person.ID // of a new candidate: sent twice, the form makes one person
	Version  int
	JobID    string
	Referrer string
	Person   person.New
	// Source says where new claims come from: the CV, the form, a call.
	Source string
	Rows   []row
	// Unsorted are pasted lines that are no contact or profile.
	Unsorted string
	// asked is the kind of which another row was asked for, or "paste".
	asked string
}

// row is one claim of the form, with its number.
type row struct {
	claim.New
	Number int
	// Stored says that the claim was there before the form: its source is its own, not the form's.
	Stored bool
}

// initial is how many rows of each kind a form offers at least; kinds that are not here have no rows by themselves.
var initial = map[claim.Kind]int{
	claim.Email: 1, claim.Phone: 1, claim.Handle: 1, claim.Employer: 2, claim.Education: 1,
	claim.Language: 2, claim.Profile: 2, claim.Payment: 1,
}

// sections are the groups of rows in the order of the form. Name, place and zone of the record are claims too, but
// have fields of their own; rows of those kinds are further names and places.
var sections = []claim.Kind{claim.Email, claim.Phone, claim.Handle, claim.Profile, claim.Employer, claim.Education,
	claim.Language, claim.Payment, claim.Address, claim.Name, claim.Location, claim.TimeZone, claim.Other}

func (n row) blank() bool {
	return strings.TrimSpace(n.Value+n.Detail.Role+n.Detail.From+n.Detail.To+n.Detail.Place+n.Detail.Service+n.Detail.Note) == ""
}

// of are the rows of a kind.
func (f form) of(kind claim.Kind) []row {
	var rows []row
	for _, r := range f.Rows {
		if r.Kind == kind {
			rows = append(rows, r)
		}
	}
	return rows
}

// spread offers blank rows: as many as each kind has at least, and one where somebody asked for it.
func (f *form) spread() {
	have := map[claim.Kind]int{}
	for _, r := range f.Rows {
		have[r.Kind]++
	}
	for _, kind := range sections {
		want := max(initial[kind], have[kind])
		if f.asked == string(kind) {
			want = have[kind] + 1
		}
		for range want - have[kind] {
			f.Rows = append(f.Rows, row{New: claim.New{Kind: kind}, Number: len(f.Rows)})
		}
	}
}

// more reports whether the form was sent to get more rows rather than to be stored.
func (f form) more() bool { return f.asked != "" }

// candidate is the form as hiring takes it.
func (f form) candidate() hiring.NewCandidate {
	n := hiring.NewCandidate{Person: f.Person, Referrer: f.Referrer, JobID: hiring.JobID(f.JobID)}
	n.Person.ID = f.Once
	for _, r := range f.Rows {
		if !r.blank() {
			n.Claims = append(n.Claims, r.New)
		}
	}
	return n
}

// formOf is the form of a stored candidate. Claims that repeat the record's own fields have no rows.
func formOf(p person.Person, claims []claim.Claim) form {
	f := form{ID: p.ID, Version: p.Version, Person: person.New{Name: p.Name, Location: p.Location, TimeZone: p.TimeZone,
		ChannelID: p.ChannelID, ReferrerName: p.ReferrerName}}
	for _, c := range claims {
		ofRecord := c.Kind == claim.Name && c.Value == p.Name || c.Kind == claim.Location && c.Value == p.Location ||
			c.Kind == claim.TimeZone && c.Value == p.TimeZone
		if !ofRecord || c.Source != "" {
			f.Rows = append(f.Rows, row{New: claim.New{Kind: c.Kind, ClaimID: c.ClaimID, Value: c.Value, Detail: c.Detail, Source: c.Source}, Number: len(f.Rows), Stored: true})
		}
	}
	return f
}

// parse reads the form. Blank rows are dropped, pasted lines sorted into rows, and blank rows offered anew.
func parse(w http.ResponseWriter, r *http.Request) (form, error) {
	if err := request.Form(w, r); err != nil {
		return form{}, err
	}
	f := form{Version: request.Version(r), JobID: request.Text(r, "job"), Referrer: request.Text(r, "referrer"),
		Source: request.Text(r, "source"), asked: request.Text(r, "more"),
		Person: person.New{Name: request.Text(r, "name"), Location: request.Text(r, "location"), TimeZone: request.Text(r, "time_zone"),
			ChannelID: request.Text(r, "channel"), ReferrerName: request.Text(r, "referrer_name")}}
	if once, err := id.Parse(request.Text(r, "once")); err == nil {
		f.Once = person.ID(once)
	}
	rows, err := strconv.Atoi(r.PostFormValue("rows"))
	if err != nil {
		rows = 0
	}
	for i := range min(rows, 4*claim.Most) {
		if n := parseRow(r, i, f.Source); !n.blank() {
			n.Number = len(f.Rows)
			f.Rows = append(f.Rows, n)
		}
	}
	f.paste(request.Text(r, "paste"))
	f.spread()
	return f, nil
}

func parseRow(r *http.Request, i int, source string) row {
	text := func(name string) string { return request.Text(r, claim.Field(i, name)) }
	n := claim.New{Kind: claim.Kind(text("kind")), ClaimID: text("claim"), Value: text("value"), Source: text("source"),
		Detail: claim.Detail{Role: text("role"), From: text("from"), To: text("to"), Place: text("place"),
			Service: text("service"), Fluency: text("fluency"), Method: text("method"), Note: text("note")}}
	stored := text("stored") != ""
	if !stored {
		n.Source = source
	}
	return row{New: n, Stored: stored}
}

// paste sorts pasted lines into rows: e-mail addresses, phone numbers and links say what they are. A person has no more claims
// than claim.Most, so that what goes beyond stays a text.
func (f *form) paste(text string) {
	var left []string
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		kind, ok := sort(line)
		if !ok || len(f.Rows) >= claim.Most {
			left = append(left, line)
			continue
		}
		f.Rows = append(f.Rows, row{New: claim.New{Kind: kind, Value: line, Source: f.Source}, Number: len(f.Rows)})
	}
	f.Unsorted = strings.Join(left, "\n")
}

// sort says what a pasted line is.
func sort(line string) (claim.Kind, bool) {
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789+-() ./", r) {
			return -1
		}
		return r
	}, line)
	switch {
	case strings.ContainsAny(line, " \t") && bare != "":
		return "", false
	case strings.Contains(line, "://") || strings.Contains(line, "/") && strings.Contains(line, ".") && bare != "":
		return claim.Profile, true
	case strings.Contains(line, "@") && !strings.HasPrefix(line, "@"):
		return claim.Email, true
	case bare == "":
		return claim.Phone, true
	case strings.HasPrefix(line, "@") && len(line) > 1:
		return claim.Handle, true
	}
	return "", false
}

func lower(s string) string { return strings.ToLower(s) }
