package candidate

import (
	"time"

	"gatehouse/internal/assessment"
	"gatehouse/internal/claim"
	"gatehouse/internal/hiring"
	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/sheet"
)

// headSQL reads the head of the page, if the actor sees the person, and with it the sheet, NULL when that has to be made.
// Only this query of the batch asks who looks: the others' rows are thrown away when it has none.
//
// The wrapped data key is read for the tab that shows claims, some of which lie encrypted in the sheet.
func headSQL(actor authz.Actor, personID person.ID, tab Tab) (string, []any) {
	wrapped := "NULL::bytea"
	if tab == TabClaims {
		wrapped = "(SELECT k.wrapped FROM person_keys k WHERE k.person_id = p.id)"
	}
	var w db.Where
	viewer := w.Number("?::uuid", nullable(actor))
	w.Add("p.id = ?", personID)
	person.Visible(actor, &w, "p")
	standing := incident.StandingColumns(actor, &w)
	return `
		SELECT p.id, p.number, p.name, p.location, p.time_zone, p.channel_id, p.referrer_name, p.referrer_id, p.status,
		       p.application_id, p.job_id, p.job_title, p.manager_id, p.stage_id, p.stage_since, p.missing, p.band,
		       p.score, p.coverage, p.open_flags, p.created_at, p.updated_at, p.version, p.erased_at, p.awaited,
		       ` + hiring.OwesScorecard(viewer, "p.id") + ` AS owes, ` + standing + `, ` + sheets.Kept("p.id") + ` AS sheet,
		       ` + wrapped + ` AS wrapped
		FROM   people p
		` + w.SQL(), w.Args
}

// sheetDoc is what the page of a person shows besides who they are and what depends on the viewer.
type sheetDoc struct {
	// Applications holds what every application of theirs is like, by its id: which is the present one, people says.
	Applications map[string]applied
	Interviews   int
	Stored       *assessment.Stored // nil when nobody was assessed yet
	Flags        []Flag
	Seen         []Seen
	Claims       []claim.Stored // without their PersonID
	Links        []Link
}

// applied is an application as the page's head shows it.
type applied struct {
	LevelID     string     `json:"level"`
	Edition     string     `json:"edition"`
	Status      string     `json:"status"`
	Version     int        `json:"version"`
	EndedReason string     `json:"reason"`
	EndedAt     *time.Time `json:"ended"`
	Overrides   []Override `json:"overrides"`
}

// sheets keeps the sheets of people. A row of another table that goes into one needs its trigger, as the migration of
// sheets has them.
var sheets = sheet.New[sheetDoc]("person_sheets", "person_id", `
		SELECT json_build_object(
		       'applications', (
		           SELECT json_object_agg(a.id, json_build_object('level', j.level_id, 'edition', a.edition, 'status', a.status, 'version', a.version,
		                  'reason', a.ended_reason, 'ended', a.ended_at, 'overrides', (
		                      SELECT json_agg(json_build_object('check_id', o.check_id, 'stage_id', o.stage_id, 'reason', o.reason,
		                             'by_id', o.overridden_by, 'at', o.overridden_at) ORDER BY o.overridden_at, o.check_id)
		                      FROM   gate_overrides o
		                      WHERE  o.application_id = a.id)) ORDER BY a.id)
		           FROM   applications a JOIN jobs j ON j.id = a.job_id
		           WHERE  a.person_id = p.id),
		       'interviews', (SELECT count(*) FROM interviews i WHERE i.person_id = p.id),
		       'stored', (SELECT row_to_json(x) FROM (`+assessment.StoredRows+` WHERE s.person_id = p.id) x),
		       'flags', (SELECT json_agg(x ORDER BY x.raisedat DESC, x.id DESC) FROM (`+flagsRows+` WHERE f.person_id = p.id) x),
		       'seen', (SELECT json_agg(json_strip_nulls(json_build_object('itemid', o.item_id, 'originkind', o.origin_kind, 'originid', o.origin_id,
		                       'answer', o.answer, 'note', nullif(o.note, ''), 'count', o.count, 'notedat', o.noted_at, 'notedbyid', o.noted_by))
		                       ORDER BY o.noted_at, o.item_id, o.origin_id)
		                FROM   outcomes o WHERE o.person_id = p.id),
		       'claims', (SELECT json_agg(json_strip_nulls(json_build_object('id', c.id, 'kind', c.kind, 'claimid', c.claim_id, 'value', c.value,
		                         'sealed', replace(encode(c.sealed, 'base64'), E'\n', ''), 'detail', nullif(c.detail, '{}'), 'source', nullif(c.source, ''), 'madeat', c.made_at, 'createdby', c.created_by))
		                         ORDER BY c.kind, c.made_at, c.id)
		                  FROM   claims c WHERE c.person_id = p.id AND c.retired_at IS NULL),
		       'links', (SELECT json_agg(json_build_object('evidenceid', e.id, 'caseid', e.case_id, 'subjectkind', coalesce(l.subject_kind, ''),
		                        'subjectid', coalesce(l.subject_id, '')) ORDER BY e.id, l.subject_kind, l.subject_id)
		                 FROM   evidence_items e
		                 LEFT   JOIN evidence_links l ON l.evidence_id = e.id
		                 WHERE  e.person_id = p.id))
		FROM   people p
		WHERE  p.id = $1`)

// membershipsSQL says of which of the cases $2 the user $1 is a member.
const membershipsSQL = `SELECT case_id::text FROM case_members WHERE user_id = $1 AND removed_at IS NULL AND case_id = ANY ($2::uuid[])`

// nullable is the actor's id for a uuid parameter: null for the system.
func nullable(actor authz.Actor) *string {
	if actor.ID == "" {
		return nil
	}
	return &actor.ID
}

const flagsRows = `
		        SELECT f.id, f.person_id AS personid, f.item_id AS itemid, f.answer, f.strength, f.group_id AS groupid,
		               f.origin_kind AS originkind, f.origin_id AS originid, f.summary, f.state, f.raised_at AS raisedat,
		               f.raised_by AS raisedby, f.disposed_at AS disposedat, f.disposed_by AS disposedby, f.reason,
		               f.seconded_at AS secondedat, f.seconded_by AS secondedby, f.withdrawn_at AS withdrawnat, f.rests, f.version
		        FROM   flags f`

// ofCase leaves out what lies in a case that the viewer is no member of.
func ofCase(viewer string) string {
	return `(e.case_id IS NULL OR EXISTS (
		            SELECT FROM case_members m
		            WHERE  m.case_id = e.case_id AND m.user_id = ` + viewer + ` AND m.removed_at IS NULL))`
}

const linksRows = `
		        SELECT e.id AS evidenceid, coalesce(l.subject_kind, '') AS subjectkind, coalesce(l.subject_id, '') AS subjectid
		        FROM   evidence_items e
		        LEFT   JOIN evidence_links l ON l.evidence_id = e.id`

const interviewsSQL = `
		SELECT i.id, i.stage_id, i.starts_at, i.minutes, i.status,
		       array_agg(u.name ORDER BY u.name) AS interviewers,
		       count(v.submitted_at) AS submitted, bool_or(v.user_id = $2) IS TRUE AS mine
		FROM   interviews i
		JOIN   interviewers v ON v.interview_id = i.id
		JOIN   users u ON u.id = v.user_id
		WHERE  i.person_id = $1
		GROUP  BY i.id
		ORDER  BY i.starts_at DESC, i.id DESC
		LIMIT  200`

// historySQL pages by id, which grows with time. What happened inside a case is for its members, on the case's page.
const historySQL = `
		SELECT e.id, e.at, coalesce(u.name, nullif(e.actor_label, ''), 'Gatehouse') AS by, e.action,
		       e.subject_kind AS subject, e.detail, coalesce(r.new, '') AS reason
		FROM   audit_entries e
		LEFT   JOIN users u ON u.id = e.actor_id
		LEFT   JOIN audit_values r ON r.entry_id = e.id AND r.field = 'reason'
		WHERE  e.person_id = $1 AND e.case_id IS NULL AND ($2::uuid IS NULL OR e.id < $2)
		ORDER  BY e.id DESC
		LIMIT  $3`
