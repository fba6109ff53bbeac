package evidence

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/evidence"
	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/request"
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

// readArrival reads the fields up to the file, which it leaves unread.
func readArrival(w http.ResponseWriter, r *http.Request) (arrival, error) {
	var a arrival
	var err error
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return a, request.Incomplete(http.ErrNotMultipart)
	}
	a.file, err = request.Arriving(w, r)
	for name, values := range r.PostForm {
		a.set(name, values[len(values)-1])
	}
	return a, err
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
		return request.Incomplete(err)
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
