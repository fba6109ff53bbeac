package privacy

import (
	"net/http"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/ui"
)

// openingView is the page that says where opening evidence asks for a reason.
type openingView struct {
	Policy   evidence.Policy
	Problem  string
	Conflict string
}

// reasonsFrom are the choices of the policy, the mildest first.
func reasonsFrom() []ui.Option {
	return []ui.Option{
		{Value: string(evidence.Never), Label: "Never", Help: "Custody still says who opened what, and when"},
		{Value: string(catalogue.SensitivitySpecial), Label: "For specially protected items", Help: "Identity documents, accounts, health, what was recorded of a person"},
		{Value: string(catalogue.SensitivityPersonal), Label: "For personal and specially protected items"},
		{Value: string(catalogue.SensitivityNormal), Label: "For every item"},
	}
}

func titleOf(p evidence.Policy) string {
	for _, o := range reasonsFrom() {
		if o.Value == string(p.ReasonFrom) {
			return o.Label
		}
	}
	return ""
}

func (v openingView) errors() []ui.FieldError {
	if v.Problem == "" {
		return nil
	}
	return []ui.FieldError{{Field: "reason_from", Message: v.Problem}}
}

// Opening shows where opening evidence asks for a reason.
func (h *Handlers) Opening(w http.ResponseWriter, r *http.Request) error {
	policy, err := h.evidence.Policy(r.Context())
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, openingPage(openingView{Policy: policy}))
}

// SetOpening replaces that.
func (h *Handlers) SetOpening(w http.ResponseWriter, r *http.Request) error {
	if err := request.Form(w, r); err != nil {
		return err
	}
	chosen := evidence.Policy{ReasonFrom: catalogue.Sensitivity(request.Text(r, "reason_from")), Version: request.Version(r)}
	err := h.evidence.SetPolicy(r.Context(), request.Actor(r), chosen)
	if invalid, ok := apperr.AsInvalid(err); ok {
		return response.Page(w, r, http.StatusUnprocessableEntity, openingPage(openingView{Policy: chosen, Problem: invalid.Fields["reason_from"]}))
	}
	if e, ok := apperr.As(err); ok && e.Kind == apperr.Stale {
		// Saving again replaces what somebody else stored, now that it was said.
		now, err := h.evidence.Policy(r.Context())
		if err != nil {
			return err
		}
		chosen.Version = now.Version
		return response.Page(w, r, http.StatusConflict, openingPage(openingView{Policy: chosen, Conflict: "Somebody else chose meanwhile: " + titleOf(now) + "."}))
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Opening, "Saved.")
}
