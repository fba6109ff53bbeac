package parts

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/request"
	"gatehouse/web/ui"
)

const (
	// maxFields, maxField and maxAll bound what comes before the file: a text of evidence is the longest of it, items
	// to tick are the most.
	maxFields = 500
	maxField  = 300 << 10
	maxAll    = 400 << 10
)

// Arrival is a form with new evidence in it while it arrives: its fields are read, its file is still on the way.
type Arrival struct {
	EvidenceForm
	// Fields are all the form's fields, those of the evidence among them.
	Fields url.Values
	file   *multipart.Part
}

// ReadArrival reads the fields up to the file, which it leaves unread. Nothing of a file ever lies in memory or in a
// temporary file of the form's. A form without a file may also come in the ordinary encoding.
func ReadArrival(r *http.Request) (Arrival, error) {
	a := Arrival{Fields: url.Values{}}
	err := a.read(r)
	a.EvidenceForm = evidenceForm(a.Fields)
	return a, err
}

func (a *Arrival) read(r *http.Request) error {
	in, err := r.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		if err := r.ParseForm(); err != nil {
			return unreadable(err)
		}
		for name, values := range r.PostForm {
			for _, value := range values {
				a.add(name, value)
			}
		}
		return nil
	}
	if err != nil {
		return unreadable(err)
	}
	left := maxAll
	for range maxFields {
		part, err := in.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return unreadable(err)
		}
		if part.FormName() == "file" {
			// Without a choice, browsers send an empty part with an empty name.
			if part.FileName() != "" {
				a.file = part
			}
			return nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil {
			return unreadable(err)
		}
		if left -= len(value); len(value) > maxField || left < 0 {
			return apperr.TooLarge("The field %q is too long.", part.FormName())
		}
		a.add(part.FormName(), string(value))
	}
	return apperr.Invalid("file", "The form has more fields than expected.")
}

// add notes a field. A text that is evidence stays as it came, but for what no database holds.
func (a *Arrival) add(name, value string) {
	if name == "text" {
		value = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(value, "\x00", ""), "\uFFFD"))
	} else {
		value = request.Tidy(value)
	}
	a.Fields.Add(name, value)
}

// unreadable tells people what became of a form that broke off or was none.
func unreadable(err error) error {
	return apperr.With(err, apperr.InvalidInput, "The form arrived incomplete. Send it again.")
}

// Given reports whether the form brings evidence, or at least what describes some: then Collect says what is missing.
func (a Arrival) Given() bool {
	return a.URL+a.Text+a.Title+a.Source+a.Kind != "" || a.file != nil
}

// Collect takes in the one item that the form brings.
func (a Arrival) Collect(ctx context.Context, s *evidence.Service, actor authz.Actor) (evidence.ID, error) {
	switch {
	case !actor.May(authz.EvidenceWrite): // the form may be one whose route asks for another permission
		return "", authz.Refusal(authz.EvidenceWrite)
	case a.URL != "" && a.Text != "", a.file != nil && (a.URL != "" || a.Text != ""):
		return "", apperr.Invalid("file", "Give one of the three: a link, a text or a file.")
	case a.URL != "":
		return s.AddLink(ctx, actor, a.item(), a.URL)
	case a.Text != "":
		return s.AddText(ctx, actor, a.item(), a.Text)
	case a.file != nil:
		id, err := s.AddFile(ctx, actor, a.item(), a.file.FileName(), a.file)
		return id, broken(err)
	}
	return "", apperr.Invalid("file", "Give a link, a text or a file.")
}

// Refused puts what is wrong with new evidence at its fields, so that the form it came in is shown again with all that
// was typed.
func Refused(err error) error {
	e, ok := apperr.As(err)
	if ok && (e.Kind == apperr.Oversize || e.Kind == apperr.InvalidInput && len(e.Fields) == 0) {
		return apperr.Invalid("file", "%s", e.Message)
	}
	return err
}

// Drain reads what is left of a refused form: a browser that is not listened to any more shows a broken connection
// instead of the answer.
func Drain(r *http.Request, s *evidence.Service) { _, _ = io.CopyN(io.Discard, r.Body, s.MaxBytes()) }

// GuessKind says what kind the item is, where nobody chose one.
func (a *Arrival) GuessKind() {
	switch {
	case a.Kind != "":
	case a.URL != "":
		a.Kind = "link"
	case a.Text != "":
		a.Kind = "note"
	default:
		a.Kind = "document"
	}
}

// item is what the form asks to add.
func (f EvidenceForm) item() evidence.Add {
	add := evidence.Add{PersonID: f.PersonID, CaseID: f.CaseID, Kind: f.Kind, Title: f.Title, Source: f.Source, Sensitivity: f.Sensitivity}
	if f.SubjectKind != "" {
		add.Subjects = []evidence.Subject{{Kind: f.SubjectKind, ID: f.SubjectID}}
	}
	return add
}

// broken gives an upload that ended early its words for people.
func broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return unreadable(err)
	}
	return err
}

func evidenceForm(v url.Values) EvidenceForm {
	return EvidenceForm{
		PersonID: v.Get("person_id"), CaseID: v.Get("case_id"), SubjectKind: v.Get("subject_kind"), SubjectID: v.Get("subject_id"),
		Back: v.Get("back"), Kind: v.Get("kind"), Title: v.Get("title"), Source: v.Get("source"), Sensitivity: v.Get("sensitivity"),
		URL: v.Get("url"), Text: v.Get("text"),
	}
}

// EvidenceProblems are the messages at the fields of new evidence, in their order.
func EvidenceProblems(errors map[string]string) []ui.FieldError {
	var all []ui.FieldError
	for _, field := range []string{"title", "kind", "source", "sensitivity", "url", "text", "file"} {
		if message := errors[field]; message != "" {
			all = append(all, ui.FieldError{Field: field, Message: message})
		}
	}
	return all
}
