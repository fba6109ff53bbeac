package candidate

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// FlagView is one flag with the person it is about and the evidence that bears on it or could.
type FlagView struct {
	Flag         Flag
	RaisedByName string
	PersonName   string
	Band         catalogue.Band
	Coverage     int
	// Attached are the items attached to the flag, Items all of the person's that the viewer sees.
	Attached, Items []evidence.Item
}

// flagRow is a flag as it is read, with what the page shows beside it.
type flagRow struct {
	Flag
	PersonName string
	Band       catalogue.Band
	Coverage   int
	Owes       bool
}

// Flag reads one flag, or NotFound if the actor does not see its person, or may not see other interviewers' answers
// yet.
func (s *Service) Flag(ctx context.Context, actor authz.Actor, flagID flag.ID) (FlagView, error) {
	var w db.Where
	viewer := w.Number("?::uuid", nullable(actor))
	w.Add("f.id = ?", flagID)
	person.Visible(actor, &w, "p")
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT f.id, f.person_id, f.item_id, f.answer, f.strength, f.group_id, f.origin_kind, f.origin_id, f.summary,
		       f.state, f.raised_at, f.raised_by, f.disposed_at, f.disposed_by, f.reason, f.seconded_at, f.seconded_by,
		       f.withdrawn_at, f.rests, f.version, p.name AS person_name, p.band, p.coverage,
		       `+hiring.OwesScorecard(viewer, "p.id")+` AS owes
		FROM   flags f
		JOIN   people p ON p.id = f.person_id
		`+w.SQL(), w.Args...)
	row, err := db.One[flagRow](rows, "flag")
	if err != nil {
		return FlagView{}, err
	}
	if row.Owes && !actor.May(authz.FlagDispose) && flag.OfAnother(row.OriginKind, row.OriginID, actor.ID) {
		return FlagView{}, apperr.Missing("flag")
	}
	v := FlagView{Flag: row.Flag, PersonName: row.PersonName, Band: row.Band, Coverage: row.Coverage}
	var by naming
	by.flag(&v.Flag)
	by.add(v.Flag.RaisedBy, &v.RaisedByName)
	if err := by.fill(ctx, s.users); err != nil {
		return FlagView{}, err
	}
	err = s.flagEvidence(ctx, actor, &v)
	return v, err
}

// flagEvidence reads the person's evidence and which of it is attached to the flag.
func (s *Service) flagEvidence(ctx context.Context, actor authz.Actor, v *FlagView) error {
	var (
		batch pgx.Batch
		links []Link
	)
	s.evidence.QueueForPerson(&batch, actor, v.Flag.PersonID, &v.Items)
	into(&batch, &links, linksRows+" WHERE e.person_id = $1 AND "+ofCase("$2"), v.Flag.PersonID, nullable(actor))
	if err := s.db.Pool().SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	attached := map[evidence.ID]bool{}
	for _, l := range links {
		if l.SubjectKind == evidence.OnFlag && l.SubjectID == string(v.Flag.ID) {
			attached[l.EvidenceID] = true
		}
	}
	for _, e := range v.Items {
		if attached[e.ID] {
			v.Attached = append(v.Attached, e)
		}
	}
	return nil
}
