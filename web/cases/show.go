package cases

import (
	"net/http"

	"gatehouse/internal/incident"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Show shows a case's playbook.
func (h *Handlers) Show(w http.ResponseWriter, r *http.Request) error { return show(w, r, h.playbook) }

func (h *Handlers) playbook(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error {
	v, err := h.cases.Show(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, playbookPage(v, again))
}

// Step shows one step of the playbook.
func (h *Handlers) Step(w http.ResponseWriter, r *http.Request) error { return show(w, r, h.step) }

func (h *Handlers) step(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error {
	sv, err := h.cases.ShowStep(r.Context(), request.Actor(r), caseID, request.Param(r, "step"))
	if err != nil {
		return err
	}
	referrals, err := h.cases.Referrals(r.Context(), sv)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, stepPage(sv, referrals, h.form(sv.Case, "step", within(sv), path.CaseStep(caseID, sv.Step.StepID)), again))
}

// Access shows what the subject can reach.
func (h *Handlers) Access(w http.ResponseWriter, r *http.Request) error { return show(w, r, h.access) }

func (h *Handlers) access(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error {
	v, grants, err := h.cases.Access(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, accessPage(v, grants, again))
}

// Money shows the payments.
func (h *Handlers) Money(w http.ResponseWriter, r *http.Request) error { return show(w, r, h.money) }

func (h *Handlers) money(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error {
	v, payments, totals, err := h.cases.Money(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, moneyPage(v, payments, totals, again))
}

// Dossier shows what is collected of the subject.
func (h *Handlers) Dossier(w http.ResponseWriter, r *http.Request) error {
	return show(w, r, h.dossier)
}

func (h *Handlers) dossier(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error {
	v, fields, err := h.cases.Dossier(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	d := dossierView{View: v, Fields: fields, Edition: h.lib.At(v.Case.Edition)}
	if v.Case.Sees == incident.Whole {
		if _, d.Items, err = h.cases.Evidence(r.Context(), request.Actor(r), caseID); err != nil {
			return err
		}
	}
	return response.Page(w, r, status, dossierPage(d, again))
}

// Evidence shows the evidence of the case and of its subject.
func (h *Handlers) Evidence(w http.ResponseWriter, r *http.Request) error {
	return show(w, r, h.items)
}

func (h *Handlers) items(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error {
	v, items, err := h.cases.Evidence(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, evidencePage(v, items, h.form(v.Case, "case", string(caseID), path.CaseTab(caseID, "evidence")), again))
}

// Notes shows the remarks.
func (h *Handlers) Notes(w http.ResponseWriter, r *http.Request) error { return show(w, r, h.notes) }

func (h *Handlers) notes(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error {
	v, notes, err := h.cases.Notes(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, notesPage(v, notes, again))
}

// Members shows who sees the case.
func (h *Handlers) Members(w http.ResponseWriter, r *http.Request) error {
	return show(w, r, h.members)
}

func (h *Handlers) members(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error {
	v, candidates, err := h.cases.Members(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	visits, err := h.cases.Visits(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	openings, err := h.cases.Openings(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, membersPage(v, candidates, visits, openings, again))
}

// Outcome shows the finding, and the way to close the case.
func (h *Handlers) Outcome(w http.ResponseWriter, r *http.Request) error {
	return show(w, r, h.outcome)
}

func (h *Handlers) outcome(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error {
	v, err := h.cases.Decision(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, outcomePage(v, request.Actor(r).ID, again))
}

// Timeline shows what happened, the newest first.
func (h *Handlers) Timeline(w http.ResponseWriter, r *http.Request) error {
	caseID, err := request.ID[incident.ID](r, "id")
	if err != nil {
		return err
	}
	v, slice, err := h.cases.Timeline(r.Context(), request.Actor(r), caseID, r.FormValue("after"))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, timelinePage(v, slice))
}

// Report shows the whole case for printing.
func (h *Handlers) Report(w http.ResponseWriter, r *http.Request) error {
	caseID, err := request.ID[incident.ID](r, "id")
	if err != nil {
		return err
	}
	report, err := h.cases.Report(r.Context(), request.Actor(r), caseID)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, reportPage(report))
}
