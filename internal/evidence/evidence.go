// Package evidence owns what was collected about people and who touched it: the tables evidence_items,
// evidence_links, custody_events, evidence_scans and evidence_malware, and the blobs of files.
//
// An item is a file, a link or a text. It is hashed on arrival, encrypted under the key of the person it is about,
// and never changed. It can be attached to any number of subjects: a claim, an answer, a flag, a step of a case. So one
// id runs from the interview to the report. Every touch is a custody event, and an audit entry with it:
//
//	collected ─► attached* ─► viewed | downloaded | verified | exported* ─► erased
//
// Who sees an item follows from the person and the case (visible, in sql.go): whoever sees the person sees their
// items, but an item collected inside a case is for the members of that case alone. Reading what a special item
// holds, an identity document for instance, is for fewer still (Item.OpensFor). Whether a subject may be attached to
// is the business of the feature that owns it; this package only looks that it belongs to the person.
package evidence

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/upload"
)

// ID identifies an item. It is also the key of its blob, and what its ciphertext is bound to.
type ID string

// Form says how an item came.
type Form string

// The forms of an item.
const (
	File Form = "file"
	Link Form = "link"
	Text Form = "text"
)

// Item is a piece of evidence, without its content.
type Item struct {
	ID          ID
	PersonID    person.ID
	CaseID      *string
	Form        Form
	Kind        catalogue.EvidenceKind
	Title       string
	Source      string
	Sensitivity catalogue.Sensitivity
	SHA256      []byte
	Size        int64
	MediaType   string
	FileName    string
	Facts       upload.Facts
	CollectedAt time.Time
	CollectedBy *string
	// Collector is the name of CollectedBy; empty for the system.
	Collector string
	ErasedAt  *time.Time
	// Malware is what a scanner said of a file, MalwareName what it found, MalwareAt when.
	Malware     Malware
	MalwareName string
	MalwareAt   *time.Time
}

// Unknown reports whether the item is a file of a kind that Gatehouse does not know: kept as it is, and never opened here.
func (i Item) Unknown() bool { return i.Form == File && !upload.Known(i.MediaType) }

// OpensFor reports whether the actor, who sees the item, may also read what it holds. Special items open for security,
// HR and legal, for the members of the case they belong to (nobody else sees those) and for whoever brought them.
func (i Item) OpensFor(actor authz.Actor) bool {
	if i.Sensitivity != catalogue.SensitivitySpecial || i.CaseID != nil || actor.Kind == authz.KindSystem {
		return true
	}
	return actor.HasAny(authz.SecurityLead, authz.SecurityAnalyst, authz.HR, authz.Legal) ||
		i.CollectedBy != nil && *i.CollectedBy == actor.ID
}

// Kinds are the kinds of evidence, in the catalogue's order.
func Kinds() []catalogue.EvidenceKind {
	return []catalogue.EvidenceKind{"screenshot", "recording-ref", "document", "link", "note", "log-export"}
}

// KindTitle is a kind as shown to people.
func KindTitle(k catalogue.EvidenceKind) string {
	switch k {
	case "screenshot":
		return "Screenshot"
	case "recording-ref":
		return "Recording reference"
	case "document":
		return "Document"
	case "link":
		return "Link"
	case "note":
		return "Note"
	case "log-export":
		return "Log export"
	}
	return string(k)
}

// Sensitivities lists the sensitivities, mildest first.
func Sensitivities() []catalogue.Sensitivity {
	return []catalogue.Sensitivity{catalogue.SensitivityNormal, catalogue.SensitivityPersonal, catalogue.SensitivitySpecial}
}

// The kinds of subject an item can be attached to. The id of an answer is "<interview>/<interviewer>/<check>", or
// "<person>/<check>" for a check made outside an interview; of a step "<case>/<step>"; of a dossier field
// "<case>/<field>"; of a signal the place it has in the list of signals.
const (
	OnPerson  = "person"
	OnClaim   = "claim"
	OnAnswer  = "answer"
	OnFlag    = "flag"
	OnCase    = "case"
	OnStep    = "step"
	OnGrant   = "grant"
	OnPayment = "payment"
	OnDossier = "dossier"
	OnSignal  = "signal"
)

// Subject is what an item is attached to.
type Subject struct {
	Kind, ID string
}

// inCase reports whether subjects of this kind exist only within a case.
func (s Subject) inCase() bool {
	return slices.Contains([]string{OnCase, OnStep, OnGrant, OnPayment, OnDossier}, s.Kind)
}

// root is the id before the slash: of the interview or person of an answer, of the case of a step. Kinds without a
// slash are their own root.
func (s Subject) root() (string, bool) {
	before, rest, cut := strings.Cut(s.ID, "/")
	if cut && rest == "" {
		return "", false
	}
	parsed, err := id.Parse(before)
	return parsed, err == nil
}

// Add describes an item to be added. CaseID is set for an item that only members of the case may see, and must be
// for subjects that exist only within a case.
type Add struct {
	PersonID, CaseID    string
	Kind, Title, Source string
	Sensitivity         string
	Subjects            []Subject
}

const (
	maxTitle  = 200
	maxSource = 500
	maxURL    = 2000
	// maxText bounds a text, in bytes: longer ones are files.
	maxText = 256 << 10
)

// tidy completes the description and checks it.
func (a *Add) tidy() error {
	a.Title, a.Source = strings.TrimSpace(a.Title), strings.TrimSpace(a.Source)
	if a.Sensitivity == "" {
		a.Sensitivity = string(catalogue.SensitivityPersonal)
	}
	var p apperr.Problems
	checkText(&p, "title", a.Title, maxTitle)
	checkText(&p, "source", a.Source, maxSource)
	p.Check(a.Title != "", "title", "Say in a few words what this is.")
	p.Check(slices.Contains(Kinds(), catalogue.EvidenceKind(a.Kind)), "kind", "Choose what kind of evidence this is.")
	p.Check(slices.Contains(Sensitivities(), catalogue.Sensitivity(a.Sensitivity)), "sensitivity", "Choose how sensitive it is.")
	var err error
	if a.PersonID, err = id.Parse(a.PersonID); err != nil {
		return apperr.Missing("person")
	}
	if a.CaseID != "" {
		if a.CaseID, err = id.Parse(a.CaseID); err != nil {
			return apperr.Missing("case")
		}
	}
	for _, s := range a.Subjects {
		if s.inCase() && a.CaseID == "" {
			return apperr.Missing("case")
		}
	}
	return p.Err()
}

// checkText refuses what is too long or what the database cannot hold.
func checkText(p *apperr.Problems, field, s string, most int) {
	p.Check(utf8.RuneCountInString(s) <= most, field, "Use at most %d characters.", most)
	p.Check(utf8.ValidString(s) && !strings.ContainsRune(s, 0), field, "Remove the characters that cannot be shown.")
}

// tidyLink checks an address that people will be offered to open.
func tidyLink(raw string) (string, error) {
	raw = strings.TrimSpace(raw)
	u, err := url.Parse(raw)
	var p apperr.Problems
	p.Check(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && !strings.ContainsFunc(raw, unprintable),
		"url", "Enter a whole web address that begins with https://.")
	p.Check(len(raw) <= maxURL, "url", "Use at most %d characters.", maxURL)
	p.Check(err != nil || u.User == nil, "url", "Leave out the user name and password: everyone who sees this item would have them.")
	return raw, p.Err()
}

func unprintable(r rune) bool { return r <= ' ' || r == 0x7f || r == utf8.RuneError }

func tidyText(text string) (string, error) {
	text = strings.TrimSpace(text)
	var p apperr.Problems
	p.Check(text != "", "text", "Write or paste the text.")
	p.Check(len(text) <= maxText, "text", "Longer than %d KiB. Add it as a file.", maxText>>10)
	p.Check(utf8.ValidString(text), "text", "Remove the characters that cannot be shown.")
	return text, p.Err()
}
