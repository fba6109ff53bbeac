package candidates

import (
	"net/http"
	"net/url"
	"slices"

	"gatehouse/internal/assessment"
	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
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
	// New is evidence that comes with the answer. Kept says that it was taken in, whatever became of the answer.
	New  parts.EvidenceForm
	Kept bool
}

func checkFormOf(values url.Values) checkForm {
	return checkForm{Check: values.Get("check"), Answer: values.Get("answer"), Note: values.Get("note"), Evidence: values["evidence"]}
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
	return h.showCheck(w, r, http.StatusOK, checkForm{Check: request.Text(r, "check"), Answer: request.Text(r, "answer"), Note: request.Text(r, "note")}, nil)
}

// RecordCheck records the answer to a check made outside an interview. Evidence that comes with it is taken in first and
// stays even when the answer is refused: nobody has to choose a file twice.
func (h *Handler) RecordCheck(w http.ResponseWriter, r *http.Request) error {
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	a, err := parts.ReadArrival(r)
	f := checkFormOf(a.Fields)
	f.New = a.EvidenceForm
	if err == nil && a.Given() {
		err = h.collect(r, personID, a, &f)
	}
	if err != nil {
		parts.Drain(r, h.evidence)
		err = apperr.Both(parts.Refused(err), h.assess.Check(f.check()))
	} else {
		err = h.assess.RecordCheck(r.Context(), request.Actor(r), personID, f.check())
	}
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showCheck(w, r, http.StatusUnprocessableEntity, f, invalid.Fields)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Candidate(personID), h.assess.Title(f.Check)+" is recorded.")
}

func (f checkForm) check() assessment.RecordedCheck {
	return assessment.RecordedCheck{CheckID: f.Check, Answer: catalogue.Answer(f.Answer), Note: f.Note,
		EvidenceIDs: request.IDs[evidence.ID](f.Evidence)}
}

// collect takes in the evidence that comes with an answer and ticks it.
func (h *Handler) collect(r *http.Request, personID person.ID, a parts.Arrival, f *checkForm) error {
	a.PersonID, a.CaseID = string(personID), ""
	a.SubjectKind, a.SubjectID = evidence.OnPerson, string(personID)
	a.GuessKind()
	added, err := a.Collect(r.Context(), h.evidence, request.Actor(r))
	if err != nil {
		return err
	}
	f.Evidence, f.New, f.Kept = append(f.Evidence, string(added)), parts.EvidenceForm{}, true
	return nil
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
	if found.Head.ErasedAt != nil {
		return person.WasErased()
	}
	v := checkView{Person: found, Form: f, Errors: errors, ed: h.lib.Current()}
	v.Check, _ = v.ed.Check(f.Check)
	v.Form.New.MaxBytes, v.Form.New.Errors = h.evidence.MaxBytes(), map[string]string{}
	if errors != nil {
		v.Form.New.Errors = errors
	}
	return response.Page(w, r, status, checkPage(v))
}

// problems lists the messages in the order of the fields.
func (v checkView) problems() []ui.FieldError {
	var list []ui.FieldError
	for _, field := range []string{"check", "answer", "note", "evidence"} {
		if message := v.Errors[field]; message != "" {
			list = append(list, ui.FieldError{Field: field, Message: message})
		}
	}
	return append(list, parts.EvidenceProblems(v.Form.New.Errors)...)
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
