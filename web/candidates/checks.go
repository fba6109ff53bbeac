package candidates

import (
	"cmp"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"

	"gatehouse/internal/assessment"
	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/ui"
)

// checkForm is what was typed into the form for one check.
type checkForm struct {
	Check    string
	Answer   string
	Note     string
	Evidence []string
	// New is evidence that comes with the answer.
	New parts.EvidenceForm
}

func parseCheck(r *http.Request) checkForm {
	f := checkForm{Check: request.Text(r, "check"), Answer: request.Text(r, "answer"), Note: request.Text(r, "note")}
	if r.Method == http.MethodPost {
		f.Evidence = r.PostForm["evidence"]
		f.New = parts.EvidenceForm{Kind: request.Text(r, "kind"), Title: request.Text(r, "title"), Source: request.Text(r, "source"),
			Sensitivity: request.Text(r, "sensitivity"), URL: request.Text(r, "url"), Text: request.Text(r, "text")}
	}
	return f
}

// checkView is the form with everything it shows.
type checkView struct {
	Person candidate.View
	Check  *catalogue.Check // nil until one is chosen
	Form   checkForm
	Errors map[string]string
	ed     *catalogue.Edition
}

// ShowCheck shows the form for one check, or the choice of checks.
func (h *Handler) ShowCheck(w http.ResponseWriter, r *http.Request) error {
	return h.showCheck(w, r, http.StatusOK, parseCheck(r), nil)
}

// RecordCheck records the answer to a check made outside an interview. New evidence for it is taken in first, once
// nothing speaks against the answer.
func (h *Handler) RecordCheck(w http.ResponseWriter, r *http.Request) error {
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	file, err := request.Arriving(w, r)
	if err != nil {
		return err
	}
	f := parseCheck(r)
	c := assessment.RecordedCheck{CheckID: f.Check, Answer: catalogue.Answer(f.Answer), Note: f.Note, EvidenceIDs: request.IDs[evidence.ID](f.Evidence)}
	err = h.assess.Recordable(c)
	if err == nil {
		var added evidence.ID
		if added, err = h.collect(r, personID, f.New, file); added != "" {
			c.EvidenceIDs, f.Evidence = append(c.EvidenceIDs, added), append(f.Evidence, string(added))
		}
	}
	if err == nil {
		err = h.assess.RecordCheck(r.Context(), request.Actor(r), personID, c)
	}
	if err != nil && file != nil {
		// A browser that is not listened to any more shows a broken connection instead of the answer.
		_, _ = io.CopyN(io.Discard, r.Body, h.evidence.MaxBytes())
	}
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showCheck(w, r, http.StatusUnprocessableEntity, f, invalid.Fields)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Candidate(personID), h.assess.Title(f.Check)+" is recorded.")
}

// collect takes in the evidence that came with the form, if any; what it is not said to be follows from its form.
func (h *Handler) collect(r *http.Request, personID person.ID, f parts.EvidenceForm, file *multipart.Part) (evidence.ID, error) {
	given := 0
	for _, there := range []bool{f.URL != "", f.Text != "", file != nil} {
		if there {
			given++
		}
	}
	switch {
	case given == 0 && f.Title != "":
		return "", apperr.Invalid("url", "Give a link, a text or a file, or leave the title empty.")
	case given == 0:
		return "", nil
	case given > 1:
		return "", apperr.Invalid("file", "Give one of the three: a link, a text or a file.")
	}
	actor := request.Actor(r)
	if !actor.May(authz.EvidenceWrite) {
		return "", apperr.Forbidden("Your role does not add evidence.")
	}
	add := evidence.Add{PersonID: string(personID), Kind: f.Kind, Title: f.Title, Source: f.Source, Sensitivity: f.Sensitivity}
	switch {
	case file != nil:
		add.Kind = cmp.Or(add.Kind, "document")
		return h.evidence.AddFile(r.Context(), actor, add, file.FileName(), file)
	case f.URL != "":
		add.Kind, add.Title = cmp.Or(add.Kind, "link"), cmp.Or(add.Title, h.assess.Title(r.FormValue("check")))
		return h.evidence.AddLink(r.Context(), actor, add, f.URL)
	}
	add.Kind, add.Title = cmp.Or(add.Kind, "note"), cmp.Or(add.Title, h.assess.Title(r.FormValue("check")))
	return h.evidence.AddText(r.Context(), actor, add, f.Text)
}

func (h *Handler) showCheck(w http.ResponseWriter, r *http.Request, status int, f checkForm, errors map[string]string) error {
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	found, err := h.candidates.View(r.Context(), request.Actor(r), personID, candidate.Ask{Tab: candidate.TabEvidence})
	if err != nil {
		return err
	}
	v := checkView{Person: found, Form: f, Errors: errors, ed: h.lib.Current()}
	v.Form.New.MaxBytes, v.Form.New.Errors = h.evidence.MaxBytes(), map[string]string{}
	maps.Copy(v.Form.New.Errors, errors)
	v.Check, _ = v.ed.Check(f.Check)
	return response.Page(w, r, status, checkPage(v))
}

// problems lists the messages in the order of the fields.
func (v checkView) problems() []ui.FieldError {
	var list []ui.FieldError
	for _, field := range []string{"check", "answer", "note", "evidence", "title", "kind", "source", "sensitivity", "url", "text", "file"} {
		if message := v.Errors[field]; message != "" {
			list = append(list, ui.FieldError{Field: field, Message: message})
		}
	}
	return list
}

// answers are the four answers, each with what it means for this check.
func (v checkView) answers() []ui.Option {
	notDone := "Tried, or not possible: it stays unknown, which is neither good nor bad."
	return []ui.Option{
		{Value: string(catalogue.Clear), Label: "Clear", Help: v.Check.Clear},
		{Value: string(catalogue.Concern), Label: "Concern", Help: v.Check.Concern},
		{Value: string(catalogue.RedFlag), Label: "Red flag", Help: v.Check.RedFlag},
		{Value: string(catalogue.NotDone), Label: "Not done", Help: notDone},
	}
}

// choices are the checks to choose from, those that block the next stage first.
func (v checkView) choices() []ui.Option {
	options := []ui.Option{{Label: "Choose a check"}}
	for _, c := range v.ed.Checks {
		if slices.Contains(v.Person.Missing, c.ID) {
			options = append(options, ui.Option{Value: c.ID, Label: "Required: " + c.Title})
		}
	}
	for _, s := range v.ed.Stages {
		for _, c := range v.ed.Checks {
			if c.Stage == s.ID && !slices.Contains(v.Person.Missing, c.ID) {
				options = append(options, ui.Option{Value: c.ID, Label: s.Title + ": " + c.Title})
			}
		}
	}
	return options
}
