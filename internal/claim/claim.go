// Package claim owns what people say of themselves: the table claims. What they say of payments lies encrypted under their
// data key there, and is opened as it is read.
//
// A claim is never corrected: what somebody says now replaces what they said by retiring the old row and adding a
// new one, so that both stay readable. Whether a claim is true is for checks to find out; nothing here judges.
package claim

import (
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/seal"
)

// ID identifies a claim.
type ID string

// Kind says what a claim is about.
type Kind string

// The kinds.
const (
	Name      Kind = "name"
	Email     Kind = "email"
	Phone     Kind = "phone"
	Handle    Kind = "handle"
	Address   Kind = "address"
	Location  Kind = "location"
	TimeZone  Kind = "time-zone"
	Employer  Kind = "employer"
	Education Kind = "education"
	Language  Kind = "language"
	Profile   Kind = "profile"
	Payment   Kind = "payment"
	Other     Kind = "other"
)

// Kinds lists the kinds in the order in which pages show them.
func Kinds() []Kind {
	return []Kind{Name, Email, Phone, Handle, Address, Location, TimeZone, Employer, Education, Language, Profile, Payment, Other}
}

// facts is what there is to know about each kind: its title for people and the catalogue's claim that a statement
// of the kind falls under. Other has none of its own: whoever enters it chooses.
var facts = map[Kind]struct{ title, claimID string }{
	Name:      {"Name", "claim-identity"},
	Email:     {"E-mail", "claim-contact"},
	Phone:     {"Phone", "claim-contact"},
	Handle:    {"Handle", "claim-contact"},
	Address:   {"Address", "claim-location"},
	Location:  {"Location", "claim-location"},
	TimeZone:  {"Time zone", "claim-location"},
	Employer:  {"Employer", "claim-work-history"},
	Education: {"Education", "claim-education"},
	Language:  {"Language", "claim-language"},
	Profile:   {"Online profile", "claim-online-profile"},
	Payment:   {"Payment", "claim-payment"},
	Other:     {"Other", ""},
}

// Title is the kind as shown to people.
func (k Kind) Title() string { return facts[k].title }

// Falls is the id of the catalogue's claim that statements of the kind fall under; empty for Other.
func (k Kind) Falls() string { return facts[k].claimID }

// Fluencies are what a language claim may say about how well.
func Fluencies() []string { return []string{"basic", "working", "fluent"} }

// Methods are what a payment claim may ask for.
func Methods() []string { return []string{"bank", "payment service", "crypto", "platform", "other"} }

// Detail is what a claim says beside its value. Which fields mean something depends on the kind.
type Detail struct {
	Role    string `json:"role,omitempty"`    // Employer: the position; Education: the degree
	From    string `json:"from,omitempty"`    // Employer, Education: a month, as 2024-07
	To      string `json:"to,omitempty"`      // the same; empty means until now
	Place   string `json:"place,omitempty"`   // Employer, Education: where
	Service string `json:"service,omitempty"` // Handle: the network it is of
	Fluency string `json:"fluency,omitempty"` // Language
	Method  string `json:"method,omitempty"`  // Payment
	Note    string `json:"note,omitempty"`
}

// Claim is one statement of a person.
type Claim struct {
	ID       ID
	PersonID person.ID
	Kind     Kind
	// ClaimID is the catalogue's claim that the statement falls under.
	ClaimID   string
	Value     string
	Detail    Detail
	Source    string
	MadeAt    time.Time
	CreatedBy *string
	RetiredAt *time.Time

	sealed []byte // the value as it lies encrypted; nil where it does not
}

// Logged is the value for the audit log: what lies encrypted stays so there.
func (c Claim) Logged() string {
	if c.sealed != nil {
		return seal.Logged(c.sealed)
	}
	return c.Value
}

// Months is the span of an employer or a school for people: "2021-03 to 2024-07".
func (d Detail) Months() string {
	switch {
	case d.From == "" && d.To == "":
		return ""
	case d.To == "":
		return d.From + " to now"
	case d.From == "":
		return "until " + d.To
	}
	return d.From + " to " + d.To
}

// Stored is a claim as it lies in the table, for pages that read it along with other things: see Service.Open.
type Stored struct {
	Claim
	// Sealed is the value where that lies encrypted.
	Sealed []byte
}

// Owner names the row of a claim to the encryption of its value.
func (id ID) Owner() string { return "claims/" + string(id) }

// New is a claim to be entered. ClaimID is needed for Other only; Source says where it was said.
type New struct {
	Kind    Kind
	ClaimID string
	Value   string
	Detail  Detail
	Source  string
}

// Most is how many claims a person may have at a time.
const Most = 80

// Field names a field of the n-th claim of a form, from 0, as messages about it do.
func Field(n int, name string) string { return "claim-" + strconv.Itoa(n) + "-" + name }

// tidied trims what was typed and fills in what follows from it.
func (n New) tidied() New {
	n.Value, n.Source = strings.TrimSpace(n.Value), strings.TrimSpace(n.Source)
	if falls := n.Kind.Falls(); falls != "" {
		n.ClaimID = falls
	}
	d := &n.Detail
	for _, text := range []*string{&d.Role, &d.From, &d.To, &d.Place, &d.Service, &d.Fluency, &d.Method, &d.Note} {
		*text = strings.TrimSpace(*text)
	}
	if n.Kind == Profile && n.Value != "" && !strings.Contains(n.Value, "://") {
		n.Value = "https://" + n.Value
	}
	return n
}

// Check notes what does not fit about claims, each at Field of its place in the list.
func Check(ed *catalogue.Edition, p *apperr.Problems, claims []New) {
	p.Check(len(claims) <= Most, "claims", "Enter at most %d claims.", Most)
	for i, n := range claims {
		n.tidied().check(ed, func(ok bool, name, message string) { p.Check(ok, Field(i, name), "%s", message) })
	}
}

// CheckAt notes what does not fit about a claim that has a field of its own, with every message at that field.
func CheckAt(ed *catalogue.Edition, p *apperr.Problems, n New, field string) {
	n.tidied().check(ed, func(ok bool, _, message string) { p.Check(ok, field, "%s", message) })
}

// check calls say for each rule, with whether it holds.
func (n New) check(ed *catalogue.Edition, say func(ok bool, name, message string)) {
	if _, known := facts[n.Kind]; !known {
		say(false, "kind", "Choose what the claim is about.")
		return
	}
	_, known := ed.Claim(n.ClaimID)
	say(known, "claim", "Choose what this statement is about.")
	say(n.Value != "", "value", "Enter what the person says, or clear the row.")
	say(len([]rune(n.Value)) <= 500, "value", "Use at most 500 characters.")
	say(!strings.ContainsFunc(n.Value, unicode.IsControl), "value", "Remove line breaks and characters that cannot be shown.")
	for name, text := range map[string]string{"role": n.Detail.Role, "place": n.Detail.Place, "service": n.Detail.Service,
		"note": n.Detail.Note, "source": n.Source} {
		say(len([]rune(text)) <= 500, name, "Use at most 500 characters.")
		say(!strings.ContainsRune(text, 0), name, "Remove the characters that cannot be shown.")
	}
	n.checkValue(say)
	n.checkMonths(say)
}

func (n New) checkValue(say func(ok bool, name, message string)) {
	switch n.Kind {
	case Email:
		addr, err := mail.ParseAddress(n.Value)
		say(err == nil && addr.Address == n.Value, "value", "Enter an e-mail address such as name@example.com.")
	case Phone:
		digits := len(n.MatchKey()) - len("phone:")
		say(digits >= 6 && digits <= 20, "value", "Enter a phone number with its country code, such as +1 416 555 0123.")
	case Profile:
		u, err := url.Parse(n.Value)
		say(err == nil && (u.Scheme == "https" || u.Scheme == "http") && strings.Contains(u.Hostname(), ".") && u.User == nil,
			"value", "Enter the address of the profile, such as https://example.com/name.")
	case TimeZone:
		_, err := time.LoadLocation(n.Value)
		say(err == nil && n.Value != "Local", "value", "Choose a time zone such as Europe/Lisbon.")
	case Language:
		say(n.Detail.Fluency == "" || slices.Contains(Fluencies(), n.Detail.Fluency), "fluency", "Choose how well.")
	case Payment:
		say(n.Detail.Method == "" || slices.Contains(Methods(), n.Detail.Method), "method", "Choose how.")
	}
}

func (n New) checkMonths(say func(ok bool, name, message string)) {
	from, to := n.Detail.From, n.Detail.To
	say(from == "" || isMonth(from), "from", "Enter a month as 2024-07.")
	say(to == "" || isMonth(to), "to", "Enter a month as 2024-07, or nothing for until now.")
	// Both are digits in the order of time, so texts compare as months do.
	say(from == "" || to == "" || from <= to, "to", "This is before the beginning.")
}

func isMonth(s string) bool {
	at, err := time.Parse("2006-01", s)
	return err == nil && at.Year() >= 1900
}

// MatchKey is the claim in the form in which two spellings of the same contact or profile are equal: e-mail
// addresses without regard to case, phone numbers by their digits, profiles by host and path. It is empty for
// kinds that two people may well share, and for payments, whose key is Accounts' to make.
func (n New) MatchKey() string {
	switch n.Kind {
	case Email:
		return "email:" + strings.ToLower(n.Value)
	case Phone:
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, n.Value)
		// 00 and + both begin a country code.
		return "phone:" + strings.TrimPrefix(digits, "00")
	case Handle:
		return "handle:" + strings.ToLower(n.Detail.Service+":"+strings.TrimPrefix(n.Value, "@"))
	case Profile:
		u, err := url.Parse(n.Value)
		if err != nil {
			return ""
		}
		host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
		return "profile:" + host + strings.ToLower(strings.TrimRight(u.Path, "/"))
	}
	return ""
}

// same reports whether the claim already says what n says.
func (c Claim) same(n New) bool {
	return c.Kind == n.Kind && c.ClaimID == n.ClaimID && c.Value == n.Value && c.Detail == n.Detail && c.Source == n.Source
}
