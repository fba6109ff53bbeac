package incident

import (
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/apperr"
)

// Entry is one value of a dossier field.
type Entry struct {
	ID         string
	FieldID    string
	Value      string
	EvidenceID *string
	Source     string
	AddedAt    time.Time
	AddedBy    *string
	Adder      string `db:"-"`
	// MatchKey is the same for equal special values; empty for others.
	MatchKey string
}

// Gap is the explanation why a field stays empty.
type Gap struct {
	FieldID     string
	Reason      string
	ExplainedAt time.Time
	ExplainedBy *string
	Explainer   string `db:"-"`
}

// Completeness says how far a dossier is collected.
type Completeness struct {
	Total, Filled, Explained int
	// Open are the fields that are neither filled nor explained.
	Open []*catalogue.Field
}

// Percent is the share of fields that are filled or explained, rounded down: only a complete dossier is 100 %.
func (c Completeness) Percent() int {
	if c.Total == 0 {
		return 100
	}
	return 100 * (c.Filled + c.Explained) / c.Total
}

// Complete reports whether nothing is left open.
func (c Completeness) Complete() bool { return len(c.Open) == 0 }

// completeness counts the edition's fields: filled if there is an entry, else explained if there is a gap.
func completeness(ed *catalogue.Edition, filled, explained []string) Completeness {
	c := Completeness{Total: len(ed.Dossier)}
	for _, field := range ed.Dossier {
		switch {
		case slices.Contains(filled, field.ID):
			c.Filled++
		case slices.Contains(explained, field.ID):
			c.Explained++
		default:
			c.Open = append(c.Open, field)
		}
	}
	return c
}

// The types of dossier fields that have rules of their own; any other type is a text.
const (
	typePhone  = "phone"
	typeEmail  = "email"
	typeURL    = "url"
	typeHandle = "handle"
	typeFile   = "file"
	typeDate   = "date"
	typeEnum   = "enum"
	typeBool   = "bool"
	typeIP     = "ip"
	typeWallet = "wallet"
	typeBank   = "bank"
)

// Yes and No are the values of a field that is true or false.
const (
	Yes = "yes"
	No  = "no"
)

var (
	phonePattern  = regexp.MustCompile(`^\+?[0-9][0-9 ().\-/]{4,30}$`)
	handlePattern = regexp.MustCompile(`^@?[^\s@/]{1,100}$`)
	walletPattern = regexp.MustCompile(`^[A-Za-z0-9:_\-]{16,120}$`)
)

const maxValue = 2000

// tidyValue brings a value into the form its field keeps, or says what does not fit.
func tidyValue(ed *catalogue.Edition, field *catalogue.Field, value string) (string, error) {
	value = strings.TrimSpace(value)
	if value == "" {
		return "", apperr.Invalid("value", "Enter a value, or explain why there is none.")
	}
	if len(value) > maxValue || strings.ContainsFunc(value, unprintable) {
		return "", apperr.Invalid("value", "Use at most 2,000 plain characters.")
	}
	switch field.Type {
	case typePhone:
		return matching(phonePattern, value, "Enter a phone number such as +1 555 0100.")
	case typeHandle:
		return matching(handlePattern, value, "Enter the handle alone, without spaces or an address before it.")
	case typeWallet:
		return matching(walletPattern, value, "Enter the address of the wallet, without spaces.")
	case typeEmail:
		return tidyEmail(value)
	case typeURL:
		return tidyURL(value)
	case typeIP:
		return tidyIP(value)
	case typeDate:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return "", apperr.Invalid("value", "Enter a date such as 2026-11-22.")
		}
	case typeBool:
		if value != Yes && value != No {
			return "", apperr.Invalid("value", "Choose yes or no.")
		}
	case typeEnum:
		if _, known := ed.Channel(value); !known {
			return "", apperr.Invalid("value", "Choose one of the channels.")
		}
	}
	return value, nil
}

func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

func matching(pattern *regexp.Regexp, value, message string) (string, error) {
	if !pattern.MatchString(value) {
		return "", apperr.Invalid("value", "%s", message)
	}
	return value, nil
}

func tidyEmail(value string) (string, error) {
	address, err := mail.ParseAddress(value)
	if err != nil || address.Address != value {
		return "", apperr.Invalid("value", "Enter an e-mail address such as name@example.com.")
	}
	return value, nil
}

func tidyURL(value string) (string, error) {
	if !strings.Contains(value, "://") {
		value = "https://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || !strings.Contains(u.Host, ".") || u.Scheme != "https" && u.Scheme != "http" {
		return "", apperr.Invalid("value", "Enter a web address such as https://example.com/name.")
	}
	return value, nil
}

// tidyIP wants an address at the start; what follows it says when it was seen and in which record.
func tidyIP(value string) (string, error) {
	address, rest := value, ""
	if end := strings.IndexAny(value, ", \t\r\n"); end >= 0 {
		address, rest = value[:end], strings.TrimLeft(value[end:], ", \t\r\n")
	}
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return "", apperr.Invalid("value", "Begin with an address such as 203.0.113.7, then when and where it was seen.")
	}
	// A zone names a network card of the machine that wrote the record.
	return strings.TrimSpace(parsed.WithZone("").String() + " " + rest), nil
}

// Suggestion is a value known elsewhere that would fill a field at one click.
type Suggestion struct {
	FieldID string
	Value   string
	// Source says where the value is from, in words.
	Source string
	// EvidenceID is set for a file that is in the evidence already.
	EvidenceID *string
}

// fresh leaves out suggestions that would not pass, repeat an entry, or fill a field that takes one value and has it.
func fresh(ed *catalogue.Edition, suggestions []Suggestion, entries []Entry) []Suggestion {
	seen, filled := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		seen[e.FieldID+"\x00"+strings.ToLower(e.Value)] = true
		filled[e.FieldID] = true
	}
	var kept []Suggestion
	for _, s := range suggestions {
		field, known := ed.Field(s.FieldID)
		if !known || filled[s.FieldID] && !field.Multiple {
			continue
		}
		value, err := tidyValue(ed, field, s.Value)
		key := s.FieldID + "\x00" + strings.ToLower(value)
		if err != nil || seen[key] {
			continue
		}
		seen[key] = true
		if !field.Multiple {
			filled[s.FieldID] = true
		}
		s.Value = value
		kept = append(kept, s)
	}
	return kept
}
