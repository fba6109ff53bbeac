package candidate

import (
	"gatehouse/internal/assessment"
	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// headSQL reads the head of the page, if the actor sees the person, and with it the short lists about them, as JSON
// with names that Go's fields answer to: each statement more would cost more than its rows. Only this query of the batch
// asks who looks: the others' rows are thrown away when it has none.
func headSQL(actor authz.Actor, personID person.ID) (string, []any) {
	var w db.Where
	viewer := w.Number("?::uuid", nullable(actor))
	w.Add("p.id = ?", personID)
	person.Visible(actor, &w, "p")
	standing := incident.StandingColumns(actor, &w)
	return `
		SELECT p.id, p.number, p.name, p.location, p.time_zone, p.channel_id, p.referrer_name, p.referrer_id, p.status,
		       p.application_id, p.job_id, p.job_title, p.manager_id, p.stage_id, p.stage_since, p.missing, p.band,
		       p.score, p.coverage, p.open_flags, p.created_at, p.updated_at, p.version, p.erased_at, p.awaited,
		       coalesce(j.level_id, '') AS level_id,
		       coalesce(a.edition, '') AS edition, coalesce(a.status, '') AS application_status,
		       coalesce(a.version, 0) AS application_version, coalesce(a.ended_reason, '') AS ended_reason, a.ended_at,
		       (SELECT count(*) FROM interviews i WHERE i.person_id = p.id) AS interview_count, ` + owesSQL(viewer) + ` AS owes,
		       (SELECT json_agg(json_build_object('check_id', o.check_id, 'stage_id', o.stage_id,
		                        'reason', o.reason, 'by_id', o.overridden_by, 'at', o.overridden_at) ORDER BY o.overridden_at)
		        FROM   gate_overrides o
		        WHERE  o.application_id = p.application_id) AS overrides,
		       (SELECT row_to_json(x) FROM (` + assessment.StoredRows + ` WHERE s.person_id = p.id) x) AS stored,
		       (SELECT json_agg(x ORDER BY x.raisedat DESC, x.id DESC) FROM (` + flagsRows + ` WHERE f.person_id = p.id) x) AS flags,
		       (SELECT json_agg(x) FROM (` + linksRows + ` WHERE e.person_id = p.id AND ` + ofCase(viewer) + `) x) AS links,
		       ` + standing + `
		FROM   people p
		LEFT   JOIN applications a ON a.id = p.application_id
		LEFT   JOIN jobs j ON j.id = a.job_id
		` + w.SQL(), w.Args
}

// owesSQL tells whether the viewer has an own scorecard on the person (p) still to submit. Most viewers owe none to
// anybody, and then nothing of the person is read.
func owesSQL(viewer string) string {
	return `(EXISTS (SELECT FROM interviewers v WHERE v.user_id = ` + viewer + ` AND v.submitted_at IS NULL)
		        AND EXISTS (SELECT FROM interviews i JOIN interviewers v ON v.interview_id = i.id
		                    WHERE  i.person_id = p.id AND i.status <> 'cancelled'
		                    AND    v.user_id = ` + viewer + ` AND v.submitted_at IS NULL))`
}

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

const seenSQL = `
		SELECT o.item_id, o.origin_kind, o.origin_id, o.answer, o.note, o.count, o.noted_at, o.noted_by AS noted_by_id
		FROM   outcomes o
		WHERE  o.person_id = $1
		ORDER  BY o.noted_at, o.item_id, o.origin_id`

const claimsSQL = `
		SELECT id, person_id, kind, claim_id, value, detail, source, made_at, created_by, retired_at
		FROM   claims
		WHERE  person_id = $1 AND retired_at IS NULL
		ORDER  BY kind, made_at, id`

const claimCountSQL = `SELECT count(*) FROM claims WHERE person_id = $1 AND retired_at IS NULL`

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
