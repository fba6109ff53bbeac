package seed

import (
	"context"
	"fmt"
	"time"

	"gatehouse/internal/catalogue"
	cases "gatehouse/internal/incident"
	"gatehouse/internal/platform/id"
)

// caseEvery says that one person in so many is the subject of a case.
func (s *seeder) caseEvery() uint64 {
	if s.Candidates < 50_000 {
		return 100
	}
	return 1000
}

func (t *tables) openCases(ctx context.Context, s *seeder) []*stream {
	var all []*stream
	open := func(into **stream, table, columns string) {
		*into = newStream(ctx, &s.sent, table, columns)
		all = append(all, *into)
	}
	open(&t.cases, "cases", `id code_name person_id engagement_id application_id edition status phase reason opened_at opened_by
		outcome outcome_reason decided_by decided_at agreed_by agreed_at closed_at closed_by lessons`)
	open(&t.members, "case_members", "case_id user_id function sees added_at added_by")
	open(&t.steps, "case_steps", "case_id step_id position state owner_role due_at done_at done_by note ticked")
	open(&t.notes, "case_notes", "id case_id step_id body written_at written_by")
	open(&t.timeline, "case_timeline", "id case_id at actor_id kind text step_id")
	open(&t.dossier, "dossier_entries", "id case_id field_id value sealed source added_at added_by")
	open(&t.gaps, "dossier_gaps", "case_id field_id reason explained_at explained_by")
	open(&t.grants, "access_grants", "id person_id case_id system level account listed_at listed_by revoked_at revoked_by attested_at attested_by")
	open(&t.payments, "payments", "id person_id case_id pay_on amount currency method state recorded_at recorded_by")
	return all
}

// incident is a case while its rows are written.
type incident struct {
	id          uuid
	life        *life
	opened      time.Time
	lead, other uuid
	// done is how many steps of the playbook are behind; all of them in a closed case.
	done   int
	closed bool
	rows   uint64
}

// next makes the identifier of the case's next row, in whatever table.
func (s *seeder) next(c *incident) uuid {
	c.rows++
	return s.mint(c.opened, kindCaseRow, c.life.n<<10|c.rows)
}

// writeCase opens a case about an engaged person and takes it some way through the playbook.
func (s *seeder) writeCase(t *tables, l *life) error {
	number := l.n / s.caseEvery()
	leads, analysts := s.hands.leads, s.hands.analysts
	c := &incident{id: s.mint(l.since, kindCase, l.n), life: l, lead: leads[int(number)%len(leads)].id, other: analysts[int(number)%len(analysts)].id}
	c.opened = s.Now.AddDate(0, 0, -int(number%90)).Add(-time.Duration(number%24) * time.Hour)
	c.closed = number%3 == 2
	c.done = len(s.ed.Playbook)
	if !c.closed {
		c.done = l.r.IntN(len(s.ed.Playbook))
	}
	s.writeHead(t, c)
	s.writeMembers(t, c)
	for i, step := range s.ed.Playbook {
		s.writeStep(t, c, i, step)
	}
	if err := s.writeFile(t, c); err != nil {
		return err
	}
	for i := range 3 {
		content := fmt.Sprintf("Extract %d of the sign-in log, kept as it was found.", i+1)
		if err := s.writeEvidence(t, l, &c.id, "log-export", "Sign-in log", content); err != nil {
			return err
		}
	}
	s.entry(t, l, c.opened, "case.opened", "case", id.FromBytes(c.id), &c.id, "{}", "{}")
	return nil
}

func (s *seeder) writeHead(t *tables, c *incident) {
	h := t.cases
	h.row()
	h.id(c.id)
	h.text(fmt.Sprintf("Harbour %d", c.life.n))
	h.id(c.life.id)
	h.id(s.mint(c.life.since, kindEngagement, c.life.n))
	h.id(c.life.application)
	h.text(s.ed.Version())
	status, phase := "open", s.ed.Playbook[min(c.done, len(s.ed.Playbook)-1)].Phase
	if c.closed {
		status = "closed"
	}
	h.text(status)
	h.text(string(phase))
	h.text("Findings in two groups on an engaged person.")
	h.time(c.opened)
	h.id(c.lead)
	if !c.closed {
		h.null()
		h.text("")
		for range 6 {
			h.null()
		}
		h.text("")
		return
	}
	h.text([]string{"confirmed", "not-confirmed", "false-positive"}[c.life.r.IntN(3)])
	h.text("Decided on what the dossier holds.")
	decided := c.opened.AddDate(0, 0, 5)
	h.id(c.lead)
	h.time(decided)
	h.id(c.other)
	h.time(decided)
	h.time(decided.AddDate(0, 0, 20))
	h.id(c.lead)
	h.text("Ask for the live reference before the offer.")
}

func (s *seeder) writeMembers(t *tables, c *incident) {
	add := func(u uuid, function, sees string) {
		t.members.row()
		t.members.id(c.id)
		t.members.id(u)
		t.members.text(function)
		t.members.text(sees)
		t.members.time(c.opened)
		t.members.id(c.lead)
	}
	n := int(c.life.n / s.caseEvery())
	add(c.lead, "lead", "whole")
	add(c.other, "security", "whole")
	add(s.hands.analysts[(n+1)%len(s.hands.analysts)].id, "engineering", "whole")
	add(s.hands.finance[n%len(s.hands.finance)].id, "finance", "tasks")
	add(s.hands.legal[n%len(s.hands.legal)].id, "legal", "tasks")
}

func (s *seeder) writeStep(t *tables, c *incident, i int, step *catalogue.Step) {
	due := step.Due.From(c.opened)
	p := t.steps
	p.row()
	p.id(c.id)
	p.text(step.ID)
	p.int4(step.Order)
	if i >= c.done {
		p.text("open")
		p.text(string(step.OwnerRole))
		p.time(due)
		p.null()
		p.null()
		p.text("")
		p.int8(0)
		return
	}
	at := due.Add(-30 * time.Minute)
	p.text("done")
	p.text(string(step.OwnerRole))
	p.time(due)
	p.time(at)
	p.id(c.other)
	p.text("Done as the playbook says.")
	p.int8(1<<len(step.Do) - 1) // all of its items are ticked
	t.timeline.row()
	t.timeline.id(s.next(c))
	t.timeline.id(c.id)
	t.timeline.time(at)
	t.timeline.id(c.other)
	t.timeline.text("case.step_done")
	t.timeline.text(step.Title)
	t.timeline.text(step.ID)
	s.entry(t, c.life, at, "case.step_done", "step", id.FromBytes(c.id)+"/"+step.ID, &c.id, "{}", "{}")
}

// writeFile fills in what the case knows: notes, dossier, access and payments.
func (s *seeder) writeFile(t *tables, c *incident) error {
	for range 5 {
		t.notes.row()
		t.notes.id(s.next(c))
		t.notes.id(c.id)
		t.notes.text("")
		t.notes.text("Spoke with the team; nobody outside knows.")
		t.notes.time(c.opened.Add(time.Hour))
		t.notes.id(c.other)
	}
	for i, field := range s.ed.Dossier {
		if i%5 == 4 {
			t.gaps.row()
			t.gaps.id(c.id)
			t.gaps.text(field.ID)
			t.gaps.text("Never asked for.")
			t.gaps.time(c.opened.Add(time.Hour))
			t.gaps.id(c.other)
			continue
		}
		entry := s.next(c)
		t.dossier.row()
		t.dossier.id(entry)
		t.dossier.id(c.id)
		t.dossier.text(field.ID)
		if err := s.writeValue(t.dossier, c, field, entry, "As on record"); err != nil {
			return err
		}
		t.dossier.text("Personnel file")
		t.dossier.time(c.opened.Add(time.Hour))
		t.dossier.id(c.other)
	}
	for i, system := range []string{"Mail", "Code host", "Chat", "VPN", "Cloud console", "Ticketing", "Wiki", "CI", "Payroll", "Calendar", "Password vault"} {
		s.writeGrant(t, c, system, i < 4 || c.closed)
	}
	for i := range 6 {
		s.writePayment(t, c, i)
	}
	return nil
}

// writeValue writes the columns value and sealed, as the case's feature does it.
func (s *seeder) writeValue(d *stream, c *incident, field *catalogue.Field, entry uuid, value string) error {
	if field.Sensitivity != catalogue.SensitivitySpecial {
		d.text(value)
		d.null()
		return nil
	}
	sealed, err := c.life.key.SealValue(value, cases.OwnerOfEntry(id.FromBytes(entry)))
	d.text("")
	d.bytes(sealed)
	return err
}

func (s *seeder) writeGrant(t *tables, c *incident, system string, revoked bool) {
	g := t.grants
	g.row()
	g.id(s.next(c))
	g.id(c.life.id)
	g.id(c.id)
	g.text(system)
	g.text("member")
	g.text(c.life.who.Handle())
	g.time(c.opened.Add(time.Hour))
	g.id(c.other)
	if !revoked {
		for range 4 {
			g.null()
		}
		return
	}
	g.time(c.opened.Add(20 * time.Hour))
	g.id(c.other)
	g.time(c.opened.Add(21 * time.Hour))
	g.id(c.lead)
}

func (s *seeder) writePayment(t *tables, c *incident, month int) {
	p := t.payments
	p.row()
	p.id(s.next(c))
	p.id(c.life.id)
	p.id(c.id)
	p.date(c.opened.AddDate(0, -month, 3))
	p.amount(6000 + c.life.r.IntN(3000))
	p.text("EUR")
	p.text("bank")
	p.text(map[bool]string{true: "stopped", false: "paid"}[month == 0])
	p.time(c.opened.Add(2 * time.Hour))
	p.id(c.other)
}
