package cases

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"gatehouse/internal/incident"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
	"gatehouse/web/request"
)

// onStep is the act of a form on a step's page, which leads back to it.
func (h *Handlers) onStep(r *http.Request, at, said string) act {
	step := request.Param(r, "step")
	return act{at: at, page: h.step, said: said, to: func(caseID incident.ID) string { return path.CaseStep(caseID, step) }}
}

// stepTitle names the step of the address in what is said afterwards, on a page where it is one of many.
func (h *Handlers) stepTitle(r *http.Request) string {
	if step, known := h.lib.Current().Step(request.Param(r, "step")); known {
		return "“" + step.Title + "”"
	}
	return "The step"
}

// FinishStep calls a step done and leads back to the playbook.
func (h *Handlers) FinishStep(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "settle", page: h.step, to: path.Case[incident.ID], said: h.stepTitle(r) + " is done."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		st, err := settlementOf(r, caseID)
		if err != nil {
			return err
		}
		return h.cases.FinishStep(ctx, actor, st)
	})
}

// SkipStep settles a step without doing it.
func (h *Handlers) SkipStep(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "settle", page: h.step, to: path.Case[incident.ID], said: h.stepTitle(r) + " is skipped. The reason stays in the report."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		st, err := settlementOf(r, caseID)
		if err != nil {
			return err
		}
		return h.cases.SkipStep(ctx, actor, st)
	})
}

// ReopenStep takes a step up again.
func (h *Handlers) ReopenStep(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, h.onStep(r, "reopen", "Step reopened."), func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.ReopenStep(ctx, actor, caseID, request.Param(r, "step"), versionOf(r), request.Text(r, "reason"))
	})
}

// TickItem marks an item of a step's list, or takes the mark back.
func (h *Handlers) TickItem(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, h.onStep(r, "tick", ""), func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		item, err := strconv.Atoi(r.FormValue("item"))
		if err != nil {
			return apperr.Missing("item")
		}
		if r.FormValue("mark") == "off" {
			return h.cases.UntickItem(ctx, actor, caseID, request.Param(r, "step"), item)
		}
		return h.cases.TickItem(ctx, actor, caseID, request.Param(r, "step"), item)
	})
}

// AssignStep gives a step an owner.
func (h *Handlers) AssignStep(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, h.onStep(r, "owner", "Owner changed."), func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.AssignStep(ctx, actor, caseID, request.Param(r, "step"), versionOf(r), r.FormValue("owner"))
	})
}

// AddStepNote writes a remark on a step.
func (h *Handlers) AddStepNote(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, h.onStep(r, "note", "Note added."), func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.AddNote(ctx, actor, caseID, request.Param(r, "step"), request.Text(r, "body"))
	})
}

// AttachEvidence ties evidence that is there to a step.
func (h *Handlers) AttachEvidence(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, h.onStep(r, "attach", "Evidence attached."), func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.AttachEvidence(ctx, actor, caseID, request.Param(r, "step"), chosen(r, "evidence"))
	})
}

// AddNote writes a remark on the case.
func (h *Handlers) AddNote(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "note", page: h.notes, to: tab("notes"), said: "Note added."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.AddNote(ctx, actor, caseID, "", request.Text(r, "body"))
	})
}

// AddMember lets somebody into the case, or changes what they are in it.
func (h *Handlers) AddMember(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "member", page: h.members, to: tab("members"), said: "They see the case now."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.AddMember(ctx, actor, caseID, incident.NewMember{UserID: r.FormValue("user_id"),
			Function: incident.Function(r.FormValue("function")), Sees: incident.Sees(r.FormValue("sees"))})
	})
}

// RemoveMember takes somebody out of the case.
func (h *Handlers) RemoveMember(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "member", page: h.members, to: tab("members"), said: "They no longer see the case."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		userID, err := request.ID[string](r, "user")
		if err != nil {
			return err
		}
		return h.cases.RemoveMember(ctx, actor, caseID, userID)
	})
}

// AddGrant lists an access.
func (h *Handlers) AddGrant(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "grant", page: h.access, to: tab("access"), said: "Access listed."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		n, err := grantOf(r)
		if err != nil {
			return err
		}
		return h.cases.AddGrant(ctx, actor, caseID, n)
	})
}

// ImportGrants lists every access of a pasted or chosen CSV.
func (h *Handlers) ImportGrants(w http.ResponseWriter, r *http.Request) error {
	said := ""
	a := act{at: "import", page: h.access, to: tab("access"), words: func() string { return said }}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		lines, err := linesOf(r)
		if err != nil {
			return err
		}
		added, already, err := h.cases.ImportGrants(ctx, actor, caseID, lines)
		said = importedWords(added, already)
		return err
	})
}

// grantActs are the acts on one access, as they stand in the address.
func (h *Handlers) grantActs() map[string]func(context.Context, authz.Actor, incident.ID, inventory.ID, int) error {
	return map[string]func(context.Context, authz.Actor, incident.ID, inventory.ID, int) error{
		"revoke": h.cases.RevokeGrant, "attest": h.cases.AttestGrant,
		"undo": h.cases.UndoRevokeGrant, "restore": h.cases.RestoreGrant,
	}
}

// ActOnGrant revokes, attests, restores, or takes a revocation back.
func (h *Handlers) ActOnGrant(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "grants", page: h.access, to: tab("access"), said: "Noted."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		grantID, err := request.ID[inventory.ID](r, "grant")
		if err != nil {
			return err
		}
		run, known := h.grantActs()[request.Param(r, "act")]
		if !known {
			return apperr.Missing("page")
		}
		return run(ctx, actor, caseID, grantID, versionOf(r))
	})
}

// AddPayment records a payment.
func (h *Handlers) AddPayment(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "payment", page: h.money, to: tab("money"), said: "Payment recorded."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		n, err := paymentOf(r)
		if err != nil {
			return err
		}
		return h.cases.AddPayment(ctx, actor, caseID, n)
	})
}

// MovePayment notes what became of a payment.
func (h *Handlers) MovePayment(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "payments", page: h.money, to: tab("money"), said: "Noted."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		paymentID, err := request.ID[payment.ID](r, "payment")
		if err != nil {
			return err
		}
		return h.cases.MovePayment(ctx, actor, caseID, paymentID, versionOf(r), payment.State(r.FormValue("to")))
	})
}

// ExplainPayment says why a planned payment may go ahead.
func (h *Handlers) ExplainPayment(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "explain-" + request.Param(r, "payment"), page: h.money, to: tab("money"), said: "Explanation kept."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		paymentID, err := request.ID[payment.ID](r, "payment")
		if err != nil {
			return err
		}
		return h.cases.ExplainPayment(ctx, actor, caseID, paymentID, versionOf(r), request.Text(r, "explanation"))
	})
}

// onField is the act of a form on a field of the dossier, which leads back to the field.
func (h *Handlers) onField(r *http.Request, form, said string) act {
	field := request.Param(r, "field")
	return act{at: form + "-" + field, page: h.dossier, said: said,
		to: func(caseID incident.ID) string { return path.CaseTab(caseID, "dossier") + "#" + field }}
}

// AddEntry fills a field of the dossier.
func (h *Handlers) AddEntry(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, h.onField(r, "entry", "Added to the dossier."), func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.AddEntry(ctx, actor, caseID, incident.NewEntry{FieldID: request.Param(r, "field"),
			Value: request.Text(r, "value"), EvidenceID: r.FormValue("evidence"), Source: request.Text(r, "source")})
	})
}

// RemoveEntry takes an entry out of the dossier.
func (h *Handlers) RemoveEntry(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, h.onField(r, "entry", "Entry removed."), func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		entryID, err := request.ID[string](r, "entry")
		if err != nil {
			return err
		}
		return h.cases.RemoveEntry(ctx, actor, caseID, entryID)
	})
}

// ExplainGap says why a field stays empty.
func (h *Handlers) ExplainGap(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, h.onField(r, "gap", "Gap explained."), func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.ExplainGap(ctx, actor, caseID, request.Param(r, "field"), request.Text(r, "reason"))
	})
}

// ReopenGap takes an explanation back.
func (h *Handlers) ReopenGap(w http.ResponseWriter, r *http.Request) error {
	return h.do(w, r, h.onField(r, "gap", "The field is open again."), func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.ReopenGap(ctx, actor, caseID, request.Param(r, "field"))
	})
}

// ProposeOutcome puts a finding before a second person.
func (h *Handlers) ProposeOutcome(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "propose", page: h.outcome, to: tab("outcome"), said: "Proposed. A second person has to agree."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.ProposeOutcome(ctx, actor, incident.Verdict{CaseID: caseID, Version: versionOf(r), Outcome: incident.Outcome(r.FormValue("outcome")),
			Reason: request.Text(r, "reason"), OverrideReason: request.Text(r, "override")})
	})
}

// ReopenOutcome takes an agreed outcome back.
func (h *Handlers) ReopenOutcome(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "reopen", page: h.outcome, to: tab("outcome"), said: "The outcome is open again."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.ReopenOutcome(ctx, actor, caseID, versionOf(r), request.Text(r, "reason"))
	})
}

// AgreeOutcome is the second person's word.
func (h *Handlers) AgreeOutcome(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "agree", page: h.outcome, to: tab("outcome"), said: "Agreed. Steps that do not apply are taken off."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.AgreeOutcome(ctx, actor, caseID, versionOf(r))
	})
}

// Close ends the case.
func (h *Handlers) Close(w http.ResponseWriter, r *http.Request) error {
	a := act{at: "close", page: h.outcome, to: path.Case[incident.ID], said: "Case closed. It can only be read from now on."}
	return h.do(w, r, a, func(ctx context.Context, actor authz.Actor, caseID incident.ID) error {
		return h.cases.Close(ctx, actor, caseID, versionOf(r), request.Text(r, "lessons"))
	})
}

// importedWords says what an import brought.
func importedWords(added, already int) string {
	if already == 0 {
		return fmt.Sprintf("%d accesses listed.", added)
	}
	return fmt.Sprintf("%d accesses listed; %d were there already.", added, already)
}
