package incident

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
	"gatehouse/internal/platform/sheet"
)

// View is all that the frame of a case's page shows, and the playbook.
type View struct {
	Case    Case
	Steps   []Step
	Facts   Facts
	Members []Member
	// Everybody who ever was a member, by id.
	Names  map[string]string
	Access inventory.Counts
	// Evidence, Notes and Payments count what the tabs of that name hold.
	Evidence, Notes, Payments int
	// Referred counts the people whom the subject referred.
	Referred int
	// Engaged reports that the subject's engagement still runs.
	Engaged bool
	Now     time.Time
}

// Next is the step due first among those that may be worked on, or nil.
func (v View) Next() *Step { return NextDue(v.Steps) }

// Overdue counts the steps that are late.
func (v View) Overdue() int {
	n := 0
	for _, s := range v.Steps {
		if s.Overdue(v.Now) {
			n++
		}
	}
	return n
}

// Step finds a step of the view.
func (v View) Step(stepID string) (Step, bool) {
	for _, s := range v.Steps {
		if s.StepID == stepID {
			return s, true
		}
	}
	return Step{}, false
}

// CheckSheets compares kept sheets, at most so many, with the rows they are made of, and returns an error that names those
// which differ.
func (s *Service) CheckSheets(ctx context.Context, most int) error {
	return sheets.Check(ctx, s.db, most)
}

// Show reads a case by one statement, and records the first of a while's looks at it. A sealed case is an evidence.SealedError until its
// reader has said why they open it. A member called in for tasks
// gets the steps of their function, and none of the rest that their register does not hold.
func (s *Service) Show(ctx context.Context, actor authz.Actor, caseID ID) (View, error) {
	v := View{Now: s.db.Now()}
	rows, _ := s.db.Pool().Query(ctx, fileSQL, asker(actor, caseID)...)
	read, err := db.One[file](rows, "case")
	if err != nil {
		return View{}, err
	}
	if err := read.ajar(); err != nil {
		return View{}, err
	}
	found, err := sheets.Or(ctx, s.db, string(caseID), read.Sheet)
	if err != nil {
		return View{}, err
	}
	steps := found.Steps // the sheet leaves out what is as it began
	for i := range steps {
		steps[i].State = cmp.Or(steps[i].State, Open)
	}
	v.Members, v.Facts.OpenGrants, v.Facts.Unstopped = found.Members, found.Left, found.Unstopped
	byPlace(v.Members)
	v.Names = names(v.Members)
	v.Members = current(v.Members)
	v.Case = read.Case
	v.Case.name(v.Names)
	v.Evidence, v.Notes, v.Payments = found.Items, len(found.Noted), found.Payments
	v.Referred, v.Engaged = found.Referred, found.Engaged
	v.Access = inventory.Tally(found.Grants, found.Restored, v.Facts.OpenGrants)
	ed := s.lib.At(v.Case.Edition)
	v.Facts.Proposed, v.Facts.Agreed = v.Case.Proposed(), v.Case.Agreed()
	v.Facts.Dossier = completeness(ed, found.Filled, found.Explained)
	v.Facts.Preserved, v.Facts.Held = found.Items+len(found.Attached) > 0, found.Held
	v.Facts.Accesses, v.Facts.Payments = found.Grants, found.Payments
	v.Facts.Withheld = v.Access.Revoked + v.Access.Attested - v.Access.Restored
	items, notes := tally(found.Attached), tally(found.Noted)
	for i := range steps {
		steps[i].Evidence, steps[i].Notes = items[steps[i].StepID], notes[steps[i].StepID]
		steps[i].name(v.Names)
	}
	v.Steps = Arrange(ed, steps, v.Facts)
	return v.narrow(), s.visited(ctx, actor, v.Case)
}

// file is a case with its sheet, nil when that has to be made.
type file struct {
	Case
	Sheet *sheetDoc
}

// sheetDoc is what stands on the tabs of a case's page: short lists that all its pages show or count.
type sheetDoc struct {
	collected
	Steps   []Step
	Members []Member // all there ever were, in no order
	// Noted has, for each note, the step it is on, empty for the case itself; Attached has the step for each piece of
	// evidence that is attached to one.
	Noted, Attached  []string
	Grants, Restored int
	Left             []inventory.Grant
	Payments, Held   int // Held are those that were stopped
	Unstopped        []payment.Payment
	Items, Referred  int
	Engaged          bool
}

// sheets keeps the sheets of cases. A row of another table that goes into one needs its trigger, as the migration of
// sheets has them. Evidence is attached to a step as "<case>/<step>"; after the slash comes 0.
var sheets = sheet.New[sheetDoc]("case_sheets", "case_id", `
	SELECT json_build_object(
	       'filled', ARRAY(SELECT d.field_id FROM dossier_entries d WHERE d.case_id = c.id AND d.removed_at IS NULL ORDER BY d.field_id),
	       'explained', ARRAY(SELECT d.field_id FROM dossier_gaps d WHERE d.case_id = c.id ORDER BY d.field_id),
	       'steps', (SELECT json_agg(json_strip_nulls(json_build_object('stepid', s.step_id, 'position', s.position, 'state', nullif(s.state, 'open'),
	                         'ownerrole', s.owner_role, 'ownerid', s.owner_id, 'dueat', s.due_at, 'doneat', s.done_at, 'doneby', s.done_by,
	                         'note', nullif(s.note, ''), 'overridereason', nullif(s.override_reason, ''), 'overriddenby', s.overridden_by,
	                         'overriddenat', s.overridden_at, 'ticked', nullif(s.ticked, 0), 'version', s.version)) ORDER BY s.position)
	                 FROM   case_steps s WHERE s.case_id = c.id),
	       'members', (SELECT json_agg(json_build_object('userid', o.user_id, 'name', u.name, 'email', u.email, 'function', o.function,
	                           'sees', o.sees, 'addedat', o.added_at, 'addedby', o.added_by, 'removedat', o.removed_at) ORDER BY o.user_id)
	                   FROM   case_members o JOIN users u ON u.id = o.user_id
	                   WHERE  o.case_id = c.id),
	       'noted', ARRAY(SELECT n.step_id FROM case_notes n WHERE n.case_id = c.id ORDER BY n.id),
	       'attached', ARRAY(SELECT substr(l.subject_id, 38) FROM evidence_links l
	                         WHERE  l.subject_kind = 'step' AND l.subject_id COLLATE "C" >= c.id || '/' AND l.subject_id COLLATE "C" < c.id || '0'
	                         ORDER  BY l.subject_id, l.evidence_id),
	       'grants', a.grants, 'restored', a.restored, 'left', a.left, 'payments', y.payments, 'held', y.held, 'unstopped', y.unstopped,
	       'items', (SELECT count(*) FROM evidence_items i WHERE i.case_id = c.id),
	       'referred', (SELECT count(*) FROM people r WHERE r.referrer_id = c.person_id),
	       'engaged', EXISTS (SELECT FROM engagements e WHERE e.person_id = c.person_id AND e.ended_on IS NULL))
	FROM   cases c
	CROSS  JOIN LATERAL (
	       SELECT count(*) AS grants, count(g.restored_at) AS restored, `+inventory.OpenJSON+` AS left
	       FROM   access_grants g WHERE g.case_id = c.id) a
	CROSS  JOIN LATERAL (
	       SELECT count(*) AS payments, count(*) FILTER (WHERE p.state = 'stopped') AS held, `+payment.UnstoppedJSON+` AS unstopped
	       FROM   payments p WHERE p.case_id = c.id) y
	WHERE  c.id = $1`)

// fileSQL reads a file for the actor of asker.
var fileSQL = `
	SELECT ` + caseColumns + `, ` + sheets.Kept("c.id") + ` AS sheet
	FROM   cases c
	JOIN   people p ON p.id = c.person_id
	` + membership + `
	WHERE  c.id = $4 AND ` + seen

// tally counts how often each word comes.
func tally(words []string) map[string]int {
	n := make(map[string]int, len(words))
	for _, w := range words {
		n[w]++
	}
	return n
}

// name fills in who did what.
func (c *Case) name(names map[string]string) {
	c.Opener, c.Decider = nameOf(names, c.OpenedBy), nameOf(names, c.DecidedBy)
	c.Agreer, c.Closer = nameOf(names, c.AgreedBy), nameOf(names, c.ClosedBy)
}

func (s *Step) name(names map[string]string) {
	s.Owner, s.Doer, s.Overrider = nameOf(names, s.OwnerID), nameOf(names, s.DoneBy), nameOf(names, s.OverriddenBy)
}

// narrow leaves a member called in for tasks what is theirs. Locks that name what they do not see lose their words.
func (v View) narrow() View {
	if v.Case.Sees == Whole {
		return v
	}
	var own []Step
	for _, s := range v.Steps {
		if v.Case.SeesStep(s.OwnerRole) {
			s.Locks, s.Unmet, s.Lacks = v.Case.veil(s.Locks), v.Case.veil(s.Unmet), v.Case.veil(s.Lacks)
			own = append(own, s)
		}
	}
	c := v.Case
	bare := Case{ID: c.ID, Number: c.Number, CodeName: c.CodeName, PersonID: c.PersonID, PersonName: c.PersonName,
		Edition: c.Edition, Status: c.Status, Phase: c.Phase, OpenedAt: c.OpenedAt, Version: c.Version,
		Function: c.Function, Sees: c.Sees}
	narrowed := View{Case: bare, Steps: own, Names: v.Names, Now: v.Now, Engaged: v.Engaged}
	if c.SeesRegister(RegisterAccess) {
		narrowed.Access, narrowed.Facts.OpenGrants = v.Access, v.Facts.OpenGrants
	}
	if c.SeesRegister(RegisterMoney) {
		narrowed.Payments, narrowed.Facts.Unstopped = v.Payments, v.Facts.Unstopped
	}
	if c.SeesRegister(RegisterDossier) {
		narrowed.Facts.Dossier = v.Facts.Dossier
	}
	return narrowed
}

// veil replaces the locks whose words would show what the member does not see by one that only says that others wait.
func (c Case) veil(locks []Lock) []Lock {
	var shown []Lock
	hidden := false
	for _, l := range locks {
		switch {
		case l.Kind == LockEvidence,
			l.Kind == LockPayment && c.SeesRegister(RegisterMoney),
			l.Kind == LockGrant && c.SeesRegister(RegisterAccess),
			l.Kind == LockDossier && c.SeesRegister(RegisterDossier):
			shown = append(shown, l)
		default:
			hidden = true
		}
	}
	if hidden {
		shown = append(shown, Lock{Kind: LockStep, Text: "Others finish the steps before this one."})
	}
	return shown
}

// StepView is one step with what belongs to it.
type StepView struct {
	View
	Step     Step
	Notes    []Note
	Evidence []evidence.Item
	// Owners are the members who may own the step.
	Owners []Member
	// Checks are the checks of the catalogue that the step makes use of.
	Checks []*catalogue.Check
	// Offered is evidence that could be attached to the step besides; members called in for tasks add their own.
	Offered []evidence.Item
}

// ShowStep reads one step with its notes and evidence.
func (s *Service) ShowStep(ctx context.Context, actor authz.Actor, caseID ID, stepID string) (StepView, error) {
	v, err := s.Show(ctx, actor, caseID)
	if err != nil {
		return StepView{}, err
	}
	step, found := v.Step(stepID)
	if !found {
		return StepView{}, apperr.Missing("step")
	}
	sv := StepView{View: v, Step: step}
	for _, checkID := range step.Item.Checks {
		if check, known := s.lib.At(v.Case.Edition).Check(checkID); known {
			sv.Checks = append(sv.Checks, check)
		}
	}
	if sv.Notes, err = s.namedNotes(ctx, v, stepID); err != nil {
		return StepView{}, err
	}
	sv.Evidence, err = s.evidence.For(ctx, actor, evidence.Subject{Kind: evidence.OnStep, ID: within(v.Case, stepID)})
	if err != nil {
		return StepView{}, err
	}
	for _, m := range v.Members {
		if m.Function.Fits(step.OwnerRole) {
			sv.Owners = append(sv.Owners, m)
		}
	}
	if v.Case.Sees != Whole || !v.Case.Works() {
		return sv, nil
	}
	items, err := s.itemsOf(ctx, actor, v.Case)
	sv.Offered = slices.DeleteFunc(items, func(i evidence.Item) bool {
		return slices.ContainsFunc(sv.Evidence, func(e evidence.Item) bool { return e.ID == i.ID })
	})
	return sv, err
}

func (s *Service) namedNotes(ctx context.Context, v View, stepID string) ([]Note, error) {
	notes, err := notesOf(ctx, s.db.Pool(), v.Case.ID, stepID)
	for i := range notes {
		notes[i].Writer = nameOf(v.Names, notes[i].WrittenBy)
	}
	return notes, err
}

// whole reads a case for a page that only whole members have.
func (s *Service) whole(ctx context.Context, actor authz.Actor, caseID ID) (View, error) {
	v, err := s.Show(ctx, actor, caseID)
	if err == nil && v.Case.Sees != Whole {
		return View{}, apperr.Missing("page")
	}
	return v, err
}

// register reads a case for a page that needs the register.
func (s *Service) register(ctx context.Context, actor authz.Actor, caseID ID, r Register) (View, error) {
	v, err := s.Show(ctx, actor, caseID)
	if err == nil && !v.Case.SeesRegister(r) {
		return View{}, apperr.Missing("page")
	}
	return v, err
}

// Access reads the inventory of a case.
func (s *Service) Access(ctx context.Context, actor authz.Actor, caseID ID) (View, []inventory.Grant, error) {
	v, err := s.register(ctx, actor, caseID, RegisterAccess)
	if err != nil {
		return v, nil, err
	}
	grants, err := s.grants.List(ctx, s.db.Pool(), string(caseID))
	return v, grants, err
}

// Money reads the payments of a case and their totals.
func (s *Service) Money(ctx context.Context, actor authz.Actor, caseID ID) (View, []payment.Payment, []payment.Total, error) {
	v, err := s.register(ctx, actor, caseID, RegisterMoney)
	if err != nil {
		return v, nil, nil, err
	}
	payments, err := s.payments.List(ctx, s.db.Pool(), string(caseID))
	if err != nil {
		return v, nil, nil, err
	}
	totals, err := s.payments.Totals(ctx, s.db.Pool(), string(caseID))
	return v, payments, totals, err
}

// FieldView is one field of the dossier with what is known of it.
type FieldView struct {
	Field       *catalogue.Field
	Entries     []Entry
	Gap         *Gap
	Suggestions []Suggestion
}

// Dossier reads every field of the case's edition, in the catalogue's order.
func (s *Service) Dossier(ctx context.Context, actor authz.Actor, caseID ID) (View, []FieldView, error) {
	v, err := s.register(ctx, actor, caseID, RegisterDossier)
	if err != nil {
		return v, nil, err
	}
	fields, err := s.fields(ctx, s.db.Pool(), v)
	return v, fields, err
}

func (s *Service) fields(ctx context.Context, q db.Querier, v View) ([]FieldView, error) {
	ed := s.lib.At(v.Case.Edition)
	entries, err := s.entries(ctx, q, v.Case)
	if err != nil {
		return nil, err
	}
	gaps, err := gapsOf(ctx, q, v.Case.ID)
	if err != nil {
		return nil, err
	}
	suggestions, err := s.suggestions(ctx, q, v.Case)
	if err != nil {
		return nil, err
	}
	place := make(map[string]int, len(ed.Dossier))
	fields := make([]FieldView, len(ed.Dossier))
	for i, field := range ed.Dossier {
		place[field.ID], fields[i].Field = i, field
	}
	for _, e := range entries {
		e.Adder = nameOf(v.Names, e.AddedBy)
		if i, known := place[e.FieldID]; known {
			fields[i].Entries = append(fields[i].Entries, e)
		}
	}
	for _, g := range gaps {
		g.Explainer = nameOf(v.Names, g.ExplainedBy)
		if i, known := place[g.FieldID]; known {
			fields[i].Gap = &g
		}
	}
	for _, sug := range fresh(ed, suggestions, entries) {
		i := place[sug.FieldID]
		fields[i].Suggestions = append(fields[i].Suggestions, sug)
	}
	return fields, nil
}

// Evidence reads what was collected inside the case and what its subject's record holds beside.
func (s *Service) Evidence(ctx context.Context, actor authz.Actor, caseID ID) (View, []evidence.Item, error) {
	v, err := s.whole(ctx, actor, caseID)
	if err != nil {
		return v, nil, err
	}
	items, err := s.itemsOf(ctx, actor, v.Case)
	return v, items, err
}

// itemsOf leaves out what was collected in another case about the same person.
func (s *Service) itemsOf(ctx context.Context, actor authz.Actor, c Case) ([]evidence.Item, error) {
	all, err := s.evidence.ForPerson(ctx, actor, person.ID(c.PersonID))
	return slices.DeleteFunc(all, func(i evidence.Item) bool { return i.CaseID != nil && *i.CaseID != string(c.ID) }), err
}

// Notes reads the remarks of a case, the newest first.
func (s *Service) Notes(ctx context.Context, actor authz.Actor, caseID ID) (View, []Note, error) {
	v, err := s.whole(ctx, actor, caseID)
	if err != nil {
		return v, nil, err
	}
	notes, err := s.namedNotes(ctx, v, "")
	return v, notes, err
}

// Members reads who is in the case, and who could be added.
func (s *Service) Members(ctx context.Context, actor authz.Actor, caseID ID) (View, []Candidate, error) {
	v, err := s.whole(ctx, actor, caseID)
	if err != nil || !v.Case.Function.Leads() || v.Case.Closed() {
		return v, nil, err
	}
	candidates, err := addableUsers(ctx, s.db.Pool(), caseID)
	return v, candidates, err
}

// Decision reads a case for the page of its outcome.
func (s *Service) Decision(ctx context.Context, actor authz.Actor, caseID ID) (View, error) {
	return s.whole(ctx, actor, caseID)
}

// Member reports whether the actor sees the case.
func (s *Service) Member(ctx context.Context, actor authz.Actor, caseID ID) (bool, error) {
	_, err := caseByID(ctx, s.db.Pool(), actor, caseID)
	if apperr.KindOf(err) == apperr.NotFound {
		return false, nil
	}
	return err == nil, err
}

// Filter narrows the list of cases.
type Filter struct {
	// Status is open or closed; empty means both.
	Status Status
	Cursor string
}

// Line is one case in a list.
type Line struct {
	ID       ID
	CodeName string
	// PersonName is for the list's own page only.
	PersonName string
	Status     Status
	Phase      catalogue.Phase
	OpenedAt   time.Time
	Outcome    *Outcome
	Agreed     bool
	Function   Function
	Sees       Sees
	// Sealed says that the case asks why it is opened. Its outcome stays inside.
	Sealed bool
	// NextDue is when the first open step is due, among those the actor sees.
	NextDue *time.Time
	Overdue int
	Left    int
}

const pageSize = 50

// List reads the actor's cases, the newest first.
func (s *Service) List(ctx context.Context, actor authz.Actor, f Filter) (page.Slice[Line], error) {
	var after *time.Time
	var afterID *string
	if f.Cursor != "" {
		cursor, err := page.Parse[time.Time](f.Cursor)
		if err != nil {
			return page.Slice[Line]{}, apperr.Missing("page")
		}
		after, afterID = &cursor.Key, &cursor.ID
	}
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT c.id, c.code_name, p.name AS person_name, c.status, c.phase, c.opened_at, c.outcome,
		       c.agreed_at IS NOT NULL AS agreed, coalesce(m.function, 'lead') AS function,
		       coalesce(m.sees, 'whole') AS sees, due.next AS next_due, due.overdue, due.n AS left,
		       c.sealed_at IS NOT NULL AS sealed
		FROM   cases c
		JOIN   people p ON p.id = c.person_id
		`+membership+`
		LEFT   JOIN LATERAL (
		       SELECT min(s.due_at) AS next, count(*) FILTER (WHERE s.due_at < $4) AS overdue, count(*) AS n
		       FROM   case_steps s
		       WHERE  s.case_id = c.id AND s.state = 'open'
		       AND   (coalesce(m.sees, 'whole') = 'whole' OR s.owner_role = m.function)) due ON true
		WHERE  `+seen+`
		AND   ($5 = '' OR c.status = $5)
		AND   ($6::timestamptz IS NULL OR (c.opened_at, c.id) < ($6, $7::uuid))
		ORDER  BY c.opened_at DESC, c.id DESC
		LIMIT  $8`, asker(actor, s.db.Now(), f.Status, after, afterID, pageSize+1)...)
	lines, err := db.Many[Line](rows)
	if err != nil {
		return page.Slice[Line]{}, err
	}
	for i := range lines {
		if lines[i].Sees == Tasks {
			lines[i].Phase = ""
		}
		if lines[i].Sees == Tasks || lines[i].Sealed {
			lines[i].Outcome, lines[i].Agreed = nil, false
		}
	}
	return page.Cut(lines, pageSize, func(l Line) page.Cursor[time.Time] {
		return page.Cursor[time.Time]{Key: l.OpenedAt, ID: string(l.ID)}
	}), nil
}

// Clock is an open step that waits for the actor.
type Clock struct {
	CaseID   ID
	CodeName string
	StepID   string
	Title    string `db:"-"`
	DueAt    time.Time
	// Mine says that the step is the actor's own, not only their function's.
	Mine bool
}

// Clocks lists the open steps in the actor's open cases that are theirs, or their function's and nobody's, the first
// due first. Steps that wait for others are left out.
func (s *Service) Clocks(ctx context.Context, actor authz.Actor, limit int) ([]Clock, error) {
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT c.id AS case_id, c.code_name, c.edition, s.step_id, s.due_at, coalesce(s.owner_id = $1, false) AS mine,
		       coalesce(s.owner_id = $1
		                OR s.owner_id IS NULL AND (m.function IN ('lead', 'deputy') OR m.function = s.owner_role), false) AS waits
		FROM   cases c
		`+membership+`
		JOIN   case_steps s ON s.case_id = c.id AND s.state = 'open'
		WHERE  c.status = 'open' AND `+seen+`
		ORDER  BY s.due_at, s.position
		LIMIT  2000`, asker(actor)...)
	type found struct {
		Clock
		Edition string
		Waits   bool
	}
	all, err := db.Many[found](rows)
	if err != nil {
		return nil, err
	}
	open := map[ID]map[string]bool{}
	for _, f := range all {
		if open[f.CaseID] == nil {
			open[f.CaseID] = map[string]bool{}
		}
		open[f.CaseID][f.StepID] = true
	}
	var clocks []Clock
	for _, f := range all {
		item, known := s.lib.At(f.Edition).Step(f.StepID)
		held := known && slices.ContainsFunc(item.After, func(before string) bool { return open[f.CaseID][before] })
		if !known || held || !f.Waits || len(clocks) == limit {
			continue
		}
		f.Title = item.Title
		clocks = append(clocks, f.Clock)
	}
	return clocks, nil
}

// Known is a case as the page of its subject leads to it, for those who see the case.
type Known struct {
	ID       ID
	CodeName string
	Status   string
	OpenedAt time.Time
}

// Standing is what somebody may know of the cases on a person: the ones they see, and whether a confirmed flag proposes
// to open one. It says nothing of any other case.
type Standing struct {
	Cases    []Known
	Proposed bool
}

// StandingColumns are the columns cases and proposed of what the actor, who sees the person p, may know of the cases on
// them; for pages that read everything they need at once. Only the lines of the actor's own cases are in the first, a
// JSON list of Known.
func StandingColumns(actor authz.Actor, w *db.Where) string {
	cases, proposed := "NULL::json", "false"
	if actor.May(authz.CaseRead) {
		cases = casesColumn.number(w, asker(actor))
	}
	if actor.May(authz.CaseEscalate) {
		proposed = proposedColumn.number(w, asker(actor))
	}
	return cases + ` AS cases, ` + proposed + ` AS proposed`
}

var casesColumn = asked(`(
       SELECT json_agg(k ORDER BY k.openedat DESC, k.id DESC)
       FROM  (SELECT c.id, c.code_name AS codename, c.status, c.opened_at AS openedat
              FROM   cases c ` + membership + `
              WHERE  c.person_id = p.id AND ` + seen + `) k)`)

var proposedColumn = asked(`(` + proposing + `)`)

// question is SQL that asks for the arguments of asker, with a ? where each goes, and which one that is.
type question struct {
	text string
	of   []int
}

// asked makes a question of SQL that numbers the arguments of asker.
func asked(sql string) question {
	var q question
	q.text = regexp.MustCompile(`\$[123]\b`).ReplaceAllStringFunc(sql, func(number string) string {
		of := int(number[1] - '1')
		q.of = append(q.of, of)
		return "?::" + []string{"uuid", "boolean", "uuid"}[of]
	})
	return q
}

// number is the question's SQL with its arguments numbered among those of w.
func (q question) number(w *db.Where, args []any) string {
	given := make([]any, len(q.of))
	for i, of := range q.of {
		given[i] = args[of]
	}
	return w.Number(q.text, given...)
}
