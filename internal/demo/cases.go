package demo

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/incident"
	"gatehouse/internal/payment"
	"gatehouse/internal/platform/authz"
)

// response is a case while it is told.
type response struct {
	*teller
	*walk
	id     incident.ID
	opened time.Time
}

// openCase escalates a person and calls in those who have a part in it.
func openCase(ctx context.Context, t *teller, w *walk, reason string) (*response, error) {
	flags, err := t.f.Flags.ForPerson(ctx, t.db.Pool(), w.person)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, f := range flags {
		if f.Answer != catalogue.Concern {
			ids = append(ids, string(f.ID))
		}
	}
	r := &response{teller: t, walk: w, opened: t.now}
	if r.id, err = t.f.Cases.Escalate(ctx, t.staff.of(authz.SecurityAnalyst), incident.Escalation{PersonID: w.person, Reason: reason, FlagIDs: ids}); err != nil {
		return nil, fmt.Errorf("escalate: %w", err)
	}
	for _, m := range []struct {
		key      string
		function incident.Function
		sees     incident.Sees
	}{
		{"security_lead", incident.Lead, incident.Whole}, {"analyst2", incident.Engineering, incident.Whole}, {"hr2", incident.HR, incident.Whole},
		{"finance", incident.Finance, incident.Tasks}, {"legal", incident.Legal, incident.Tasks},
	} {
		t.after(4 * time.Minute)
		err := t.f.Cases.AddMember(ctx, r.leader(), r.id, incident.NewMember{UserID: t.staff[m.key].ID, Function: m.function, Sees: m.sees})
		if err != nil {
			return nil, fmt.Errorf("call in %s: %w", m.key, err)
		}
	}
	return r, nil
}

// leader may call people in: the analyst who opened the case leads it, and stays its deputy.
func (r *response) leader() authz.Actor { return r.staff.of(authz.SecurityAnalyst) }

// doers are who does the steps of each owner.
var doers = map[catalogue.OwnerRole]string{"security": "security_analyst", "engineering": "analyst2", "finance": "finance", "legal": "legal", "hr": "hr2"}

func (r *response) doer(step *catalogue.Step) authz.Actor {
	if key, ok := doers[step.OwnerRole]; ok {
		return r.staff[key]
	}
	return r.leader()
}

// follow does the playbook's steps, earliest due first, until stop says that one is not done any more.
func (r *response) follow(ctx context.Context, stop func(*catalogue.Step) bool) error {
	steps := slices.Clone(r.app.Features.Catalogue.Current().Playbook)
	slices.SortStableFunc(steps, func(a, b *catalogue.Step) int {
		return cmp.Or(cmp.Compare(a.Due.Duration(), b.Due.Duration()), cmp.Compare(a.Order, b.Order))
	})
	for _, step := range steps {
		if stop(step) {
			continue
		}
		if at := r.opened.Add(step.Due.Duration() * 4 / 5); at.After(r.now) && at.Before(r.Now) {
			r.at(at)
		}
		if err := r.do(ctx, step); err != nil {
			return fmt.Errorf("%s: %w", step.ID, err)
		}
	}
	return nil
}

// do settles one step: what belongs to it first, then its list, then the step.
func (r *response) do(ctx context.Context, step *catalogue.Step) error {
	view, err := r.f.Cases.Show(ctx, r.leader(), r.id)
	if err != nil {
		return err
	}
	state, ok := view.Step(step.ID)
	if !ok || state.State != incident.Open || step.ID == "step-close-case" {
		return nil
	}
	if prepare := preparations[step.ID]; prepare != nil {
		if err := prepare(r, ctx); err != nil {
			return err
		}
	}
	doer := r.doer(step)
	for item := range min(2, len(step.Do)) {
		r.after(10 * time.Minute)
		if err := r.f.Cases.TickItem(ctx, doer, r.id, step.ID, item); err != nil {
			return err
		}
	}
	r.after(15 * time.Minute)
	return r.f.Cases.FinishStep(ctx, doer, incident.Settlement{CaseID: r.id, StepID: step.ID, Version: state.Version, Note: notes[step.ID]})
}

// notes are what was written on some steps; the others speak for themselves.
var notes = map[string]string{
	"step-keep-facade":       "Daily meetings go on as before. Nobody outside the case is told.",
	"step-get-help":          "The response firm on retainer has joined; their contact is in the notes.",
	"step-engage-legal":      "Counsel has been briefed and advises on wording and notices.",
	"step-stop-payments":     "The next run is held back; the confirmation of the payroll desk is attached.",
	"step-list-access":       "Eleven grants, from the identity provider's export and the code host's audit log.",
	"step-review-code":       "212 changes read. Two were taken back as a precaution; nothing hidden was found.",
	"step-confirmation-call": "Held with two of us on the line.",
	"step-find-others":       "Searched by device, address, account and referrer; one other referral is under review.",
}

// preparations are what has to be there before a step can be called done.
var preparations = map[string]func(*response, context.Context) error{
	"step-preserve-evidence": (*response).preserve,
	"step-list-access":       (*response).listAccess,
	"step-revoke-access":     func(r *response, ctx context.Context) error { return r.revoke(ctx, 11, 11) },
	"step-stop-payments":     (*response).stopPayments,
	"step-collect-dossier":   (*response).fillDossier,
	"step-live-location":     (*response).askForThePlace,
	"step-decide":            (*response).decide,
}

func (r *response) preserve(ctx context.Context) error {
	add := evidence.Add{PersonID: string(r.person), CaseID: string(r.id), Kind: "log-export", Title: "Sign-in log, ninety days", Source: "Identity provider",
		Subjects: []evidence.Subject{{Kind: evidence.OnStep, ID: string(r.id) + "/step-preserve-evidence"}}}
	log := "time,address,device,result\n2026-01-01T08:00:00Z,203.0.113.18,GH-laptop,ok\n2026-01-01T16:05:00Z,198.51.100.9,unlisted,ok\n"
	if _, err := r.f.Evidence.AddFile(ctx, r.leader(), add, "sign-ins.csv", strings.NewReader(log)); err != nil {
		return err
	}
	add.Kind, add.Title, add.Source = "document", "Contract and first-day papers", "Personnel file"
	_, err := r.f.Evidence.AddFile(ctx, r.leader(), add, "contract.pdf", bytes.NewReader(document("Contract")))
	return err
}

// grants are the accesses of the case, as the import takes them: system, level, account, granted, note.
var grants = []string{
	"Mail|member", "Code host|write", "Chat|member", "VPN|standard", "Cloud console|developer", "Ticketing|member",
	"Wiki|editor", "Build system|maintainer", "Password vault|team", "Payroll portal|self", "Staging database|read",
}

func (r *response) listAccess(ctx context.Context) error {
	var lines strings.Builder
	lines.WriteString("system,level,account\n")
	for _, g := range grants {
		system, level, _ := strings.Cut(g, "|")
		fmt.Fprintf(&lines, "%s,%s,%s\n", system, level, r.account)
	}
	added, _, err := r.f.Cases.ImportGrants(ctx, r.staff["analyst2"], r.id, strings.NewReader(lines.String()))
	if err == nil && added != len(grants) {
		err = fmt.Errorf("%d of %d grants were taken in", added, len(grants))
	}
	return err
}

// revoke takes the first grants away, and has a second person attest some of them.
func (r *response) revoke(ctx context.Context, revoked, attested int) error {
	_, list, err := r.f.Cases.Access(ctx, r.leader(), r.id)
	if err != nil {
		return err
	}
	for i, g := range list[:min(revoked, len(list))] {
		r.after(3 * time.Minute)
		if err := r.f.Cases.RevokeGrant(ctx, r.staff["analyst2"], r.id, g.ID, g.Version); err != nil {
			return err
		}
		if i < attested {
			r.after(2 * time.Minute)
			if err := r.f.Cases.AttestGrant(ctx, r.leader(), r.id, g.ID, g.Version+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *response) stopPayments(ctx context.Context) error {
	finance := r.staff.of(authz.Finance)
	for month := range 4 {
		state := payment.Paid
		if month == 0 {
			state = payment.Planned
		}
		err := r.f.Cases.AddPayment(ctx, finance, r.id, payment.New{PayOn: r.opened.AddDate(0, -month, 6), Amount: "6400.00", Currency: "EUR",
			Method: payment.Payroll, Destination: "Account on file", State: state})
		if err != nil {
			return err
		}
	}
	_, list, _, err := r.f.Cases.Money(ctx, finance, r.id)
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.State == payment.Planned {
			r.after(9 * time.Minute)
			if err := r.f.Cases.MovePayment(ctx, finance, r.id, p.ID, p.Version, payment.Stopped); err != nil {
				return err
			}
		}
	}
	return nil
}

// gaps are the dossier's fields that stay empty, and why.
var gaps = map[string]string{
	"field-wallet":          "Paid by bank transfer from the first month; no wallet was ever named.",
	"field-discord":         "Nobody here has been in touch that way.",
	"field-kyc-bill":        "Never asked for. From now on it is part of the first day.",
	"field-referred-others": "Referred nobody, as far as the records go.",
}

// fillDossier enters what is known and explains what is not.
func (r *response) fillDossier(ctx context.Context) error {
	hr := r.staff["hr2"]
	items, err := r.f.Evidence.ForPerson(ctx, r.leader(), r.person)
	if err != nil || len(items) == 0 {
		return fmt.Errorf("evidence for the dossier: %w", err)
	}
	for _, field := range r.app.Features.Catalogue.Current().Dossier {
		if reason, ok := gaps[field.ID]; ok {
			if err := r.f.Cases.ExplainGap(ctx, hr, r.id, field.ID, reason); err != nil {
				return fmt.Errorf("%s: %w", field.ID, err)
			}
			continue
		}
		e := incident.NewEntry{FieldID: field.ID, Value: r.known(field), Source: "Personnel file"}
		if field.Type == "file" {
			e.Value, e.EvidenceID = "", string(items[0].ID)
		}
		if err := r.f.Cases.AddEntry(ctx, hr, r.id, e); err != nil {
			return fmt.Errorf("%s: %w", field.ID, err)
		}
	}
	return nil
}

// known is what the records say for a field, in the form the field takes.
func (r *response) known(field *catalogue.Field) string {
	switch field.ID {
	case "field-location":
		return r.who.Place.String()
	case "field-device-serial":
		return fmt.Sprintf("GH-%06d, the laptop of the first day", r.number)
	case "field-claimed-employer":
		return "Two employers, as the CV has them; neither could confirm the dates"
	case "field-referred-by":
		return "A contractor who has left since; the application has the name"
	case "field-alias":
		return "None beside the spelling of the account names"
	case "field-last-day":
		return r.opened.AddDate(0, 0, 4).Format(time.DateOnly)
	}
	switch field.Type {
	case "phone":
		return fmt.Sprintf("+999 555 %06d", r.number)
	case "email":
		return r.account
	case "url":
		return "https://people.example.com/" + r.who.Handle()
	case "handle":
		return r.who.Handle()
	case "date":
		return r.opened.AddDate(0, -3, 0).Format(time.DateOnly)
	case "bool":
		return incident.Yes
	case "enum":
		return r.channel
	case "ip":
		return "203.0.113.18 in the sign-in log of the week before"
	case "address":
		return "12 Harbour Street, " + r.who.Place.String()
	case "bank":
		return "Account ending 0417, Northwind Bank"
	case "wallet":
		return "0x00000000000000000000000000000000000417aa"
	}
	return r.who.Name()
}

// askForThePlace records what the request for a live view of the place came to.
func (r *response) askForThePlace(ctx context.Context) error {
	const check = "check-place-photo"
	analyst := r.staff.of(authz.SecurityAnalyst)
	if !slices.Contains(r.later, check) {
		return nil
	}
	err := r.f.Assess.RecordCheck(ctx, analyst, r.person, assessment.RecordedCheck{CheckID: check, Answer: catalogue.RedFlag,
		Note: "Asked for a picture in front of the house: refused, resigned, and blocked everybody within the hour."})
	if err != nil {
		return err
	}
	return r.dispose(ctx, r.walk, found{item: check, answer: catalogue.RedFlag, state: flag.Confirmed,
		reason: "Refused with no alternative; two of us were on the line."})
}

func (r *response) decide(ctx context.Context) error {
	view, err := r.f.Cases.Show(ctx, r.leader(), r.id)
	if err != nil {
		return err
	}
	err = r.f.Cases.ProposeOutcome(ctx, r.leader(), incident.Verdict{CaseID: r.id, Version: view.Case.Version, Outcome: incident.Confirmed,
		Reason: "Findings in three groups, one of them decisive; what speaks against, steady work and good reviews, does not touch them."})
	if err != nil {
		return err
	}
	if view, err = r.f.Cases.Show(ctx, r.leader(), r.id); err != nil {
		return err
	}
	r.after(2 * time.Hour)
	return r.f.Cases.AgreeOutcome(ctx, r.staff.of(authz.SecurityLead), r.id, view.Case.Version)
}

// closedCase is the model employee of the framework: from escalation to lessons.
func closedCase(ctx context.Context, t *teller, w *walk) error {
	t.after(5 * time.Hour)
	r, err := openCase(ctx, t, w, "All contributors to three repositories are known under several names, and meetings are avoided since. Two groups; the person has access to code.")
	if err != nil {
		return err
	}
	const skipped = "step-inform-suppliers"
	if err := r.follow(ctx, func(s *catalogue.Step) bool { return s.ID == skipped || s.Due.Duration() > 4*time.Hour }); err != nil {
		return err
	}
	view, err := t.f.Cases.Show(ctx, r.leader(), r.id)
	if err != nil {
		return err
	}
	step, _ := view.Step(skipped)
	err = t.f.Cases.SkipStep(ctx, r.leader(), incident.Settlement{CaseID: r.id, StepID: skipped, Version: step.Version,
		Note:           "There is no supplier in this engagement.",
		OverrideReason: "Nothing to wait for: the contract is with the person, and no agency was involved."})
	if err != nil {
		return fmt.Errorf("skip: %w", err)
	}
	if err := r.follow(ctx, func(*catalogue.Step) bool { return false }); err != nil {
		return err
	}
	if view, err = t.f.Cases.Show(ctx, r.leader(), r.id); err != nil {
		return err
	}
	t.after(day)
	err = t.f.Cases.Close(ctx, t.staff.of(authz.SecurityLead), r.id, view.Case.Version,
		"Two required checks were let pass before the offer, and both would have helped: references are now taken live before any override. "+
			"Shipping the device to a verified address is part of the first day. What worked: nobody told the person, and access was gone before the call.")
	if err != nil {
		return err
	}
	t.after(day)
	return t.f.Privacy.Place(ctx, t.staff.of(authz.SecurityLead), w.person, "Counsel prepares the return of what was paid: nothing about this engagement may go.")
}

// runningCase is opened a day and a half ago: contained in part, clocks running, some of them run out.
func runningCase(ctx context.Context, t *teller, w *walk) error {
	t.at(t.Now.Add(-37 * time.Hour))
	r, err := openCase(ctx, t, w, "Left the identity call and deleted the public profiles within the hour; two old commits carry a name that is on our list.")
	if err != nil {
		return err
	}
	late := map[string]bool{"step-trim-top-rights": true, "step-plan-removal": true}
	err = r.follow(ctx, func(s *catalogue.Step) bool { return late[s.ID] || s.Due.Duration() > day })
	if err != nil {
		return err
	}
	if err := r.revoke(ctx, 6, 4); err != nil {
		return err
	}
	if err := t.f.Privacy.PlaceCase(ctx, t.staff.of(authz.SecurityLead), string(r.id), "Needed as it is until the case has an outcome."); err != nil {
		return err
	}
	for _, text := range []string{
		"The endpoint was seen last at 07:40; it is asleep since. Isolation is prepared and waits for the plan.",
		"Payroll confirms that the run of this month is on hold.",
	} {
		t.after(25 * time.Minute)
		if err := t.f.Cases.AddNote(ctx, r.leader(), r.id, "", text); err != nil {
			return err
		}
	}
	for _, field := range []string{"field-legal-name", "field-company-email", "field-managed-laptop", "field-sourcing", "field-code-host"} {
		if err := r.enter(ctx, field); err != nil {
			return err
		}
	}
	return nil
}

func (r *response) enter(ctx context.Context, id string) error {
	field, ok := r.app.Features.Catalogue.Current().Field(id)
	if !ok {
		return fmt.Errorf("no field %s", id)
	}
	return r.f.Cases.AddEntry(ctx, r.staff["hr2"], r.id, incident.NewEntry{FieldID: id, Value: r.known(field), Source: "Personnel file"})
}
