package seed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"gatehouse/internal/assessment"
	"gatehouse/internal/cast"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/seal"
)

// tables are the streams that one pass over the people feeds.
type tables struct {
	people, keys, claims, applications, moves, engagements, accounts        *stream
	outcomes, assessments, bandMoves, flags                                 *stream
	interviews, interviewers, answers, scorecards                           *stream
	evidence, links, custody                                                *stream
	audit, values                                                           *stream
	cases, members, steps, notes, timeline, dossier, gaps, grants, payments *stream
}

// loaded are the tables whose indexes are taken away for the load.
var loaded = []string{"people", "person_keys", "claims", "applications", "application_moves", "engagements", "engagement_accounts",
	"outcomes", "assessments", "assessment_moves", "flags", "interviews", "interviewers", "answers", "scorecards",
	"evidence_items", "evidence_links", "custody_events", "audit_entries", "audit_values", "cases", "case_members", "case_steps",
	"case_notes", "case_timeline", "dossier_entries", "dossier_gaps", "access_grants", "payments",
	"signals", "signal_batches"}

func (t *tables) open(ctx context.Context, s *seeder) []*stream {
	var all []*stream
	open := func(into **stream, table, columns string) {
		*into = newStream(ctx, &s.sent, table, columns)
		all = append(all, *into)
	}
	open(&t.people, "people", `id name location time_zone channel_id referrer_name status application_id job_id job_title manager_id
		stage_id stage_since awaited missing_checks missing band score coverage open_flags created_at updated_at`)
	open(&t.keys, "person_keys", "person_id wrapped created_at")
	open(&t.claims, "claims", "id person_id kind claim_id value detail source made_at created_by")
	open(&t.applications, "applications", "id person_id job_id edition stage_id stage_since status applied_at ended_at ended_by ended_reason")
	open(&t.moves, "application_moves", "id application_id from_stage to_stage at moved_by")
	open(&t.engagements, "engagements", "id person_id application_id job_id kind title manager_id started_on ended_on device device_serial created_at")
	open(&t.accounts, "engagement_accounts", "engagement_id system account")
	open(&t.outcomes, "outcomes", "person_id item_id origin_kind origin_id answer note noted_at noted_by")
	open(&t.assessments, "assessments", "person_id edition score band coverage claims reasons next assessed_at")
	open(&t.bandMoves, "assessment_moves", "id person_id at from_band to_band score coverage cause")
	open(&t.flags, "flags", `id person_id item_id answer strength group_id origin_kind origin_id summary state raised_at raised_by
		rests disposed_at disposed_by reason`)
	open(&t.interviews, "interviews", "id application_id person_id job_id stage_id edition kit starts_at status created_at created_by")
	open(&t.interviewers, "interviewers", "interview_id user_id submitted_at")
	open(&t.answers, "answers", "interview_id user_id check_id verdict note answered_at")
	open(&t.scorecards, "scorecards", "id interview_id user_id number answers submitted_at")
	open(&t.evidence, "evidence_items", "id person_id case_id form kind title source sha256 size media_type body collected_at collected_by")
	open(&t.links, "evidence_links", "evidence_id subject_kind subject_id linked_at linked_by")
	open(&t.custody, "custody_events", "id evidence_id at actor_id action")
	open(&t.audit, "audit_entries", "id at actor_kind actor_id actor_label action subject_kind subject_id person_id case_id detail commitments")
	open(&t.values, "audit_values", "entry_id field salt old new person_id")
	return append(all, t.openCases(ctx, s)...)
}

// life is one person while their rows are written.
type life struct {
	n           uint64
	r           *rand.Rand
	who         cast.Person
	id          uuid
	text        string // the id in words
	key         seal.DataKey
	job         job
	application uuid
	history     *history
	status      string
	applied     time.Time
	since       time.Time // stage reached
	updated     time.Time
	interview   meeting
	audits      uint64
	evidences   uint64
}

// meeting is the interview that a life had, if any.
type meeting struct {
	id    uuid
	with  uuid
	at    time.Time
	stage string
}

// loadPeople writes everybody with all that belongs to them, in one pass.
func (s *seeder) loadPeople(ctx context.Context) error {
	t := &tables{}
	return s.copyAll(ctx, func(ctx context.Context) []*stream { return t.open(ctx, s) }, func() error {
		pcg := rand.NewPCG(0, 0)
		r := rand.New(pcg)
		for n := range s.Candidates {
			if n%256 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			pcg.Seed(s.Seed, uint64(n))
			if err := s.writeLife(t, r, uint64(n)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *seeder) writeLife(t *tables, r *rand.Rand, n uint64) error {
	l := s.live(r, n)
	_, wrapped, err := s.keys.NewDataKey(l.text)
	if err != nil {
		return err
	}
	if l.key, err = s.keys.Unwrap(wrapped, l.text); err != nil {
		return err
	}
	s.writePerson(t, l)
	t.keys.row()
	t.keys.id(l.id)
	t.keys.bytes(wrapped)
	t.keys.time(l.applied)
	s.writeClaims(t, l)
	s.writeApplication(t, l)
	s.writeInterview(t, l)
	s.writeOutcomes(t, l)
	if chance(r, 40) {
		if err := s.writeEvidence(t, l, nil, "note", "Notes from the call", "Spoke for forty minutes; the answers are in the scorecard."); err != nil {
			return err
		}
	}
	s.writeAudit(t, l)
	if hired := s.writeEngagement(t, l); hired && n%s.caseEvery() == 0 {
		return s.writeCase(t, l)
	}
	return nil
}

// statuses of a hundred people: most applications have ended.
func statusOf(n int) string {
	switch {
	case n < 70:
		return "closed"
	case n < 85:
		return "candidate"
	case n < 95:
		return "engaged"
	}
	return "former"
}

// live invents the n-th person. Who they are is drawn first, and nothing after it looks at that.
func (s *seeder) live(r *rand.Rand, n uint64) *life {
	l := &life{n: n, r: r, who: cast.Draw(r)}
	const span = 540 * 24 * time.Hour
	begin := s.Now.Add(-span - 20*24*time.Hour)
	l.applied = begin.Add(time.Duration(float64(span) * float64(n) / float64(s.Candidates)))
	l.id = s.mint(l.applied, kindPerson, n)
	l.text = id.FromBytes(l.id)
	l.application = s.mint(l.applied, kindApplication, n)
	l.job = pick(r, s.jobs)
	l.status = statusOf(r.IntN(100))
	if n%s.caseEvery() == 0 {
		l.status = "engaged" // somebody a case can be about
	}
	last := len(s.ed.Stages) - 1
	position := r.IntN(last - 1)
	if l.status == "engaged" || l.status == "former" {
		position = last
	}
	l.history = &s.deck[l.job.level][position][r.IntN(variants)]
	l.since = between(r, l.applied, s.Now.Add(-time.Hour))
	l.updated = between(r, l.since, s.Now)
	return l
}

// between draws a time, to the second.
func between(r *rand.Rand, from, to time.Time) time.Time {
	if !to.After(from) {
		return from
	}
	return from.Add(time.Duration(r.Int64N(int64(to.Sub(from))))).Truncate(time.Second)
}

func (s *seeder) writePerson(t *tables, l *life) {
	p, h := t.people, l.history
	p.row()
	p.id(l.id)
	p.text(l.who.Name())
	p.text(l.who.Place.String())
	p.text(l.who.Place.Zone)
	p.text(s.ed.Channels[l.r.IntN(len(s.ed.Channels))].ID)
	p.text("")
	p.text(l.status)
	p.id(l.application)
	p.id(l.job.id)
	p.text(l.job.title)
	p.id(l.job.manager)
	if l.status == "candidate" || l.status == "engaged" {
		p.text(h.stage)
		p.time(l.since)
		p.texts(h.awaited)
		p.texts(h.missing)
		p.int2(len(h.missing))
	} else {
		p.text("") // whoever is not in hiring stands at no stage
		p.null()
		p.texts(nil)
		p.texts(nil)
		p.int2(0)
	}
	p.text(string(h.band))
	p.int2(h.score)
	p.int2(h.coverage)
	if l.status == "closed" {
		p.int2(0) // flags of a closed application rest
	} else {
		p.int2(h.openFlags)
	}
	p.time(l.applied)
	p.time(l.updated)
}

// said is one claim that everybody makes: what it is about, and how this person words it.
type said struct {
	kind, claim string
	value       func(l *life) string
	detail      string
}

var sayings = []said{
	{"email", "claim-contact", func(l *life) string { return l.who.Email(int(l.n)) }, "{}"},
	{"phone", "claim-contact", func(l *life) string { return fmt.Sprintf("+999 %09d", l.n) }, "{}"},
	{"location", "claim-location", func(l *life) string { return l.who.Place.String() }, "{}"},
	{"time-zone", "claim-location", func(l *life) string { return l.who.Place.Zone }, "{}"},
	{"employer", "claim-work-history", func(l *life) string { return pick(l.r, firms) }, `{"role": "Engineer", "from": "2021-02", "to": "2024-08"}`},
	{"employer", "claim-work-history", func(l *life) string { return pick(l.r, firms) }, `{"role": "Engineer", "from": "2018-06", "to": "2021-01"}`},
	{"education", "claim-education", func(l *life) string { return pick(l.r, schools) }, `{"role": "BSc Computing", "from": "2014-09", "to": "2018-06"}`},
	{"language", "claim-language", func(*life) string { return "English" }, `{"fluency": "fluent"}`},
	{"handle", "claim-contact", func(l *life) string { return l.who.Handle() }, `{"service": "code host"}`},
	{"profile", "claim-online-profile", func(l *life) string { return "https://social.example.com/" + l.who.Handle() }, "{}"},
}

var (
	firms = []string{"Northwind Ledger", "Quarrel & Sons", "Halcyon Labs", "Bluefin Systems", "Tamarind Software", "Ostrich Robotics",
		"Cobalt Freight", "Meridian Maps", "Juniper Health", "Lantern Games", "Pebble Payments", "Saffron Cloud"}
	schools = []string{"Riverside Technical University", "Harbour College", "Institute of Applied Sciences", "Open Polytechnic", "Hillcrest University"}
)

func (s *seeder) writeClaims(t *tables, l *life) {
	c := t.claims
	by := pick(l.r, s.hands.hr).id
	for i, claim := range sayings {
		if i == len(sayings)-1 && chance(l.r, 10) {
			continue // 9.9 claims in the mean
		}
		c.row()
		c.id(s.mint(l.applied, kindClaim, l.n<<4|uint64(i)))
		c.id(l.id)
		c.text(claim.kind)
		c.text(claim.claim)
		c.text(claim.value(l))
		c.json(claim.detail)
		c.text("Application")
		c.time(l.applied)
		c.id(by)
	}
}

func (s *seeder) writeApplication(t *tables, l *life) {
	a := t.applications
	a.row()
	a.id(l.application)
	a.id(l.id)
	a.id(l.job.id)
	a.text(s.ed.Version())
	a.text(l.history.stage)
	a.time(l.since)
	switch l.status {
	case "candidate":
		a.text("active")
	case "closed":
		a.text("closed")
	default:
		a.text("hired")
	}
	a.time(l.applied)
	if l.status == "candidate" {
		a.null()
		a.null()
		a.text("")
	} else {
		a.time(l.updated)
		a.id(l.job.manager)
		a.text("The place was filled.")
	}
	for p := range l.history.position {
		m := t.moves
		m.row()
		m.id(s.mint(l.applied, kindMove, l.n<<4|uint64(p)))
		m.id(l.application)
		m.text(s.ed.Stages[p].ID)
		m.text(s.ed.Stages[p+1].ID)
		m.time(l.applied.Add(l.since.Sub(l.applied) / time.Duration(l.history.position) * time.Duration(p+1)))
		m.id(l.job.manager)
	}
}

// writeInterview gives half of those who came as far as a call the interview that their answers come from.
func (s *seeder) writeInterview(t *tables, l *life) {
	const call = 2 // the screening call in the order of stages
	if l.history.position < call || chance(l.r, 50) {
		return
	}
	stage := s.ed.Stages[call].ID
	var kit []string
	for _, f := range l.history.findings {
		if f.stage == stage {
			kit = append(kit, f.item)
		}
	}
	if len(kit) == 0 {
		return
	}
	at := between(l.r, l.applied, l.since).Truncate(15 * time.Minute)
	l.interview = meeting{s.mint(l.applied, kindInterview, l.n), pick(l.r, s.hands.interviewers).id, at, stage}
	i := t.interviews
	i.row()
	i.id(l.interview.id)
	i.id(l.application)
	i.id(l.id)
	i.id(l.job.id)
	i.text(stage)
	i.text(s.ed.Version())
	i.texts(kit)
	i.time(at)
	i.text("done")
	i.time(l.applied)
	i.id(l.job.manager)
	t.interviewers.row()
	t.interviewers.id(l.interview.id)
	t.interviewers.id(l.interview.with)
	t.interviewers.time(at.Add(time.Hour))
	s.writeCard(t, l)
}

func (s *seeder) writeCard(t *tables, l *life) {
	var card strings.Builder
	card.WriteByte('[')
	for _, f := range l.history.findings {
		if f.stage != l.interview.stage {
			continue
		}
		t.answers.row()
		t.answers.id(l.interview.id)
		t.answers.id(l.interview.with)
		t.answers.text(f.item)
		t.answers.text(string(f.answer))
		t.answers.text(noteOf(f.answer))
		t.answers.time(l.interview.at.Add(time.Hour))
		if card.Len() > 1 {
			card.WriteByte(',')
		}
		fmt.Fprintf(&card, `{"check":%q,"verdict":%q,"answered_at":%q}`, f.item, f.answer, l.interview.at.Add(time.Hour).Format(time.RFC3339))
	}
	card.WriteByte(']')
	c := t.scorecards
	c.row()
	c.id(s.mint(l.applied, kindScorecard, l.n))
	c.id(l.interview.id)
	c.id(l.interview.with)
	c.int4(1)
	c.json(card.String())
	c.time(l.interview.at.Add(time.Hour))
}

func noteOf(a catalogue.Answer) string {
	switch a {
	case catalogue.Clear:
		return ""
	case catalogue.RedFlag:
		return "Asked twice, and the account did not hold."
	case catalogue.Raised:
		return "Reported by telemetry."
	}
	return "Not explained yet; to be asked again."
}

// origin is where a finding comes from.
func (l *life) origin(f finding) (kind, origin string, by uuid) {
	switch {
	case f.answer == catalogue.Raised:
		return "signal", f.item, uuid{}
	case f.stage == l.interview.stage && f.stage != "":
		return "answer", id.FromBytes(l.interview.id) + "/" + id.FromBytes(l.interview.with), l.interview.with
	}
	return "check", l.text, l.job.manager
}

func (s *seeder) writeOutcomes(t *tables, l *life) {
	h := l.history
	for i, f := range h.findings {
		kind, origin, by := l.origin(f)
		o := t.outcomes
		o.row()
		o.id(l.id)
		o.text(f.item)
		o.text(kind)
		o.text(origin)
		o.text(string(f.answer))
		o.text(noteOf(f.answer))
		o.time(l.since)
		if by == (uuid{}) {
			o.null()
		} else {
			o.id(by)
		}
		if f.flagged() {
			s.writeFlag(t, l, uint64(i), f, kind, origin)
		}
	}
	a := t.assessments
	a.row()
	a.id(l.id)
	a.text(s.ed.Version())
	a.int2(h.score)
	a.text(string(h.band))
	a.int2(h.coverage)
	a.json(h.claims)
	a.json(h.reasons)
	a.json(h.next)
	a.time(l.since)
	if h.score > 0 {
		m := t.bandMoves
		m.row()
		m.id(s.mint(l.since, kindBandMove, l.n))
		m.id(l.id)
		m.time(l.since)
		m.text(string(catalogue.Low))
		m.text(string(h.band))
		m.int2(h.score)
		m.int2(h.coverage)
		m.text("Answers of the stage")
	}
}

func (s *seeder) writeFlag(t *tables, l *life, i uint64, f finding, kind, origin string) {
	g := t.flags
	g.row()
	g.id(s.mint(l.since, kindFlag, l.n<<5|i))
	g.id(l.id)
	g.text(f.item)
	g.text(string(f.answer))
	g.text(string(f.strength))
	g.text(string(f.group))
	g.text(kind)
	g.text(origin)
	g.text(noteOf(f.answer))
	if f.state == "" {
		f.state = assessment.Open
	}
	g.text(string(f.state))
	g.time(l.since)
	g.null()
	g.bool(l.status == "closed")
	if f.state == assessment.Open {
		g.null()
		g.null()
		g.text("")
		return
	}
	g.time(l.updated)
	g.id(pick(l.r, s.hands.analysts).id)
	g.text("Looked into; the reason is with the evidence.")
}

// writeEvidence keeps a short text about the person, sealed under their key as the evidence feature does it.
func (s *seeder) writeEvidence(t *tables, l *life, caseID *uuid, kind, title, content string) error {
	l.evidences++
	item := s.mint(l.since, kindEvidence, l.n<<8|l.evidences)
	sealed, err := seal.Encrypt(l.key, id.FromBytes(item), strings.NewReader(content))
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if _, err := io.Copy(&body, sealed); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(content))
	by := pick(l.r, s.hands.analysts).id
	e := t.evidence
	e.row()
	e.id(item)
	e.id(l.id)
	subject, subjectID := "person", l.text
	if caseID == nil {
		e.null()
	} else {
		e.id(*caseID)
		subject, subjectID = "case", id.FromBytes(*caseID)
	}
	for _, text := range []string{"text", kind, title, "Collected by hand"} {
		e.text(text)
	}
	e.bytes(sum[:])
	e.int8(len(content))
	e.text("text/plain; charset=utf-8")
	e.bytes(body.Bytes())
	e.time(l.since)
	e.id(by)
	t.links.row()
	t.links.id(item)
	t.links.text(subject)
	t.links.text(subjectID)
	t.links.time(l.since)
	t.links.id(by)
	t.custody.row()
	t.custody.id(s.mint(l.since, kindCustody, l.n<<8|l.evidences))
	t.custody.id(item)
	t.custody.time(l.since)
	t.custody.id(by)
	t.custody.text("collected")
	return nil
}

// writeAudit leaves the trail of the person: four entries, the first with the values that can be erased.
func (s *seeder) writeAudit(t *tables, l *life) {
	s.entry(t, l, l.applied, "candidate.added", "person", l.text, nil, `{}`, s.commit(t, l))
	for _, action := range []string{"application.moved", "check.recorded", "assessment.moved"} {
		s.entry(t, l, between(l.r, l.applied, l.since), action, "person", l.text, nil, `{"seeded": true}`, "{}")
	}
}

// commit writes the value of the next entry, the person's name, and returns the commitment to it.
func (s *seeder) commit(t *tables, l *life) string {
	salt := s.mint(l.applied, kindAudit, ^l.n)
	name := l.who.Name()
	t.values.row()
	t.values.id(s.mint(l.applied, kindAudit, l.n<<8|(l.audits+1)))
	t.values.text("name")
	t.values.bytes(salt[:])
	t.values.null()
	t.values.text(name)
	t.values.id(l.id)
	return `{"name": "` + hex.EncodeToString(db.Commitment(salt[:], db.Changed("name", "", name))) + `"}`
}

func (s *seeder) entry(t *tables, l *life, at time.Time, action, kind, subject string, caseID *uuid, detail, commitments string) {
	l.audits++
	entry := s.mint(l.applied, kindAudit, l.n<<8|l.audits)
	a := t.audit
	a.row()
	a.id(entry)
	a.time(at)
	a.text("user")
	a.id(pick(l.r, s.hands.hr).id)
	a.text("HR")
	a.text(action)
	a.text(kind)
	a.text(subject)
	a.id(l.id)
	if caseID == nil {
		a.null()
	} else {
		a.id(*caseID)
	}
	a.json(detail)
	a.json(commitments)
}

// hire is an engagement that telemetry reports on.
type hire struct {
	person, engagement uuid
	account            string
	signals            []string
}

// writeEngagement hires those whose history is that of somebody hired, and says whether it did.
func (s *seeder) writeEngagement(t *tables, l *life) bool {
	if l.status != "engaged" && l.status != "former" {
		return false
	}
	engagement := s.mint(l.since, kindEngagement, l.n)
	e := t.engagements
	e.row()
	e.id(engagement)
	e.id(l.id)
	e.id(l.application)
	e.id(l.job.id)
	e.text([]string{"employee", "contractor", "vendor"}[l.n%3])
	e.text(l.job.title)
	e.id(l.job.manager)
	e.date(l.since)
	if l.status == "former" {
		e.date(l.updated)
	} else {
		e.null()
	}
	e.text("Laptop")
	e.text(fmt.Sprintf("SN%08d", l.n))
	e.time(l.since)
	account := fmt.Sprintf("%s.%d@corp.example.com", l.who.Handle(), l.n)
	for _, system := range []string{"mail", "code host"} {
		t.accounts.row()
		t.accounts.id(engagement)
		t.accounts.text(system)
		t.accounts.text(account)
	}
	if len(l.history.signals) > 0 {
		s.hired = append(s.hired, hire{l.id, engagement, account, l.history.signals})
	}
	return true
}
