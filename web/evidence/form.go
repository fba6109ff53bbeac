package evidence

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/request"
)

const (
	// maxFields and maxField bound what comes before the file: a text of evidence is the longest of it.
	maxFields = 20
	maxField  = 300 << 10
)

// arrival is a form for new evidence while it arrives: its fields are read, its file is still on the way.
type arrival struct {
	parts.EvidenceForm
	file *multipart.Part
}

// add is what the form asks to add.
func (a arrival) add() evidence.Add {
	add := evidence.Add{PersonID: a.PersonID, CaseID: a.CaseID, Kind: a.Kind, Title: a.Title, Source: a.Source, Sensitivity: a.Sensitivity}
	if a.SubjectKind != "" {
		add.Subjects = []evidence.Subject{{Kind: a.SubjectKind, ID: a.SubjectID}}
	}
	return add
}

// back is where to go when all is done: a page of ours, or the candidate.
func (a arrival) back() string {
	if to := request.LocalPath(a.Back); to != "" {
		return to
	}
	return path.Candidate(a.PersonID)
}

// readArrival reads the fields up to the file, which it leaves unread. Nothing of a file ever lies in memory or in a
// temporary file of the form's.
func readArrival(r *http.Request) (arrival, error) {
	var a arrival
	in, err := r.MultipartReader()
	if err != nil {
		return a, unreadable(err)
	}
	for range maxFields {
		part, err := in.NextPart()
		if err == io.EOF {
			return a, nil
		}
		if err != nil {
			return a, unreadable(err)
		}
		if part.FormName() == "file" {
			// Without a choice, browsers send an empty part with an empty name.
			if part.FileName() != "" {
				a.file = part
			}
			return a, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil {
			return a, unreadable(err)
		}
		if len(value) > maxField {
			return a, apperr.TooLarge("The field %q is too long.", part.FormName())
		}
		a.set(part.FormName(), string(value))
	}
	return a, apperr.Invalid("file", "The form has more fields than expected.")
}

// unreadable tells people what became of a form that broke off or was none.
func unreadable(err error) error {
	return apperr.With(err, apperr.InvalidInput, "The form arrived incomplete. Send it again.")
}

func (a *arrival) set(name, value string) {
	value = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(value, "\x00", ""), "\uFFFD"))
	fields := map[string]*string{
		"person_id": &a.PersonID, "case_id": &a.CaseID, "subject_kind": &a.SubjectKind, "subject_id": &a.SubjectID,
		"back": &a.Back, "kind": &a.Kind, "title": &a.Title, "source": &a.Source, "sensitivity": &a.Sensitivity,
		"url": &a.URL, "text": &a.Text,
	}
	if field, known := fields[name]; known {
		*field = value
	}
}

// broken gives an upload that ended early its words for people.
func broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return unreadable(err)
	}
	return err
}

// formOf reads the page with the empty form: what to add to stands in the address.
func formOf(values url.Values) parts.EvidenceForm {
	return parts.EvidenceForm{
		PersonID: values.Get("person_id"), CaseID: values.Get("case_id"),
		SubjectKind: values.Get("subject_kind"), SubjectID: values.Get("subject_id"),
		Back: request.LocalPath(values.Get("back")), Errors: map[string]string{},
	}
}
