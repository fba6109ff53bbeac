package cases

import (
	"context"
	"net/http"
	"strings"

	"gatehouse/internal/incident"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/ui"
)

// sealedView is the page that stands before a sealed case.
type sealedView struct {
	Seal          incident.Seal
	Next          string
	Reason, Wrong string
}

func (v sealedView) errors() []ui.FieldError {
	if v.Wrong == "" {
		return nil
	}
	return []ui.FieldError{{Field: "reason", Message: v.Wrong}}
}

// nextOf is where somebody was going: a page of this case, an item of evidence or a hold, else its playbook.
func nextOf(caseID incident.ID, next string) string {
	next = request.LocalPath(next)
	for _, pages := range []string{path.Case(caseID), path.EvidenceItems, path.PrivacyHolds} {
		if strings.HasPrefix(next+"/", pages+"/") {
			return next
		}
	}
	return path.Case(caseID)
}

// Sealed asks why somebody opens a sealed case. One that is open to them already leads on.
func (h *Handlers) Sealed(w http.ResponseWriter, r *http.Request) error {
	return h.sealed(w, r, http.StatusOK, sealedView{Next: r.FormValue("next")})
}

func (h *Handlers) sealed(w http.ResponseWriter, r *http.Request, status int, v sealedView) error {
	caseID, err := request.ID[incident.ID](r, "id")
	if err != nil {
		return err
	}
	if v.Seal, err = h.cases.SealOf(r.Context(), request.Actor(r), caseID); err != nil {
		return err
	}
	v.Next = nextOf(caseID, v.Next)
	if v.Seal.At == nil {
		return response.See(w, r, v.Next, "")
	}
	return response.Page(w, r, status, sealedPage(v))
}

// OpenSealed opens the case to whoever said why.
func (h *Handlers) OpenSealed(w http.ResponseWriter, r *http.Request) error {
	caseID, err := request.ID[incident.ID](r, "id")
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	v := sealedView{Next: r.FormValue("next"), Reason: request.Text(r, "reason")}
	err = h.cases.OpenSealed(r.Context(), request.Actor(r), caseID, v.Reason)
	if invalid, ok := apperr.AsInvalid(err); ok {
		v.Wrong = invalid.Fields["reason"]
		return h.sealed(w, r, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, nextOf(caseID, v.Next), "")
}

// Seal seals the case.
func (h *Handlers) Seal(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, act{at: "seal", page: h.members, to: tab("members"), said: "Sealed. Whoever opens the case says why, you too."},
		func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
			return h.cases.SealCase(ctx, actor, caseID)
		})
}

// Unseal takes the seal off.
func (h *Handlers) Unseal(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, act{at: "seal", page: h.members, to: tab("members"), said: "The case is not sealed any more."},
		func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
			return h.cases.UnsealCase(ctx, actor, caseID)
		})
}
