package hiring

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

const engagementColumns = `e.id, e.person_id, p.name AS person_name, p.number AS person_number, e.application_id, e.job_id,
	e.kind, e.title, e.manager_id, coalesce(u.name, '') AS manager_name, e.started_on, e.ended_on, e.device, e.device_serial,
	e.created_at, e.version`

const engagementTables = `engagements e JOIN people p ON p.id = e.person_id LEFT JOIN users u ON u.id = e.manager_id`

func insertEngagement(ctx context.Context, tx *db.Tx, engagementID EngagementID, a Application, t Terms) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO engagements (id, person_id, application_id, job_id, kind, title, manager_id, started_on, device, device_serial, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		engagementID, a.PersonID, a.ID, a.JobID, t.Kind, t.Title, t.ManagerID, t.StartedOn, t.Device, t.DeviceSerial, tx.Now)
	return err
}

func updateEngagement(ctx context.Context, tx *db.Tx, engagementID EngagementID, t Terms) error {
	_, err := tx.Exec(ctx, `
		UPDATE engagements
		SET    kind = $2, title = $3, manager_id = $4, started_on = $5, device = $6, device_serial = $7, version = version + 1
		WHERE  id = $1`, engagementID, t.Kind, t.Title, t.ManagerID, t.StartedOn, t.Device, t.DeviceSerial)
	return err
}

func endEngagement(ctx context.Context, tx *db.Tx, engagementID EngagementID, on time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE engagements SET ended_on = $2, version = version + 1 WHERE id = $1`, engagementID, on)
	return err
}

func replaceAccounts(ctx context.Context, tx *db.Tx, engagementID EngagementID, accounts []Account) error {
	systems, names := make([]string, len(accounts)), make([]string, len(accounts))
	for i, a := range accounts {
		systems[i], names[i] = a.System, a.Account
	}
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM engagement_accounts WHERE engagement_id = $1`, engagementID)
	batch.Queue(`
		INSERT INTO engagement_accounts (engagement_id, system, account)
		SELECT $1, system, account FROM unnest($2::text[], $3::text[]) AS given (system, account)`, engagementID, systems, names)
	return tx.SendBatch(ctx, batch).Close()
}

func accountsOf(ctx context.Context, q db.Querier, engagementID EngagementID) ([]Account, error) {
	rows, _ := q.Query(ctx, `
		SELECT system, account FROM engagement_accounts WHERE engagement_id = $1 ORDER BY lower(system), lower(account)`, engagementID)
	return db.Many[Account](rows)
}

func engagementByID(ctx context.Context, q db.Querier, actor authz.Actor, engagementID EngagementID, lock string) (Engagement, error) {
	var w db.Where
	w.Add("e.id = ?", engagementID)
	person.Visible(actor, &w, "p")
	rows, _ := q.Query(ctx, `SELECT `+engagementColumns+` FROM `+engagementTables+` `+w.SQL()+` `+lock, w.Args...)
	return db.One[Engagement](rows, "engagement")
}

func engagementsOf(ctx context.Context, q db.Querier, personID person.ID) ([]Engagement, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+engagementColumns+`
		FROM   `+engagementTables+`
		WHERE  e.person_id = $1
		ORDER  BY e.started_on DESC, e.id DESC`, personID)
	return db.Many[Engagement](rows)
}

func listEngagements(ctx context.Context, q db.Querier, actor authz.Actor, f EngagementFilter) (page.Slice[EngagementRow], error) {
	var w db.Where
	person.Visible(actor, &w, "p")
	if f.Kind != "" {
		w.Add("e.kind = ?", f.Kind)
	}
	if f.Running {
		w.Add("e.ended_on IS NULL")
	}
	if f.Ended {
		w.Add("e.ended_on IS NOT NULL")
	}
	narrowText(&w, f.Text)
	way, order := turn(&w, f.After, f.Before, "e.started_on", "e.id")
	size := sizeOr(f.Size)
	rows, _ := q.Query(ctx, `
		SELECT `+engagementColumns+`, p.band, p.coverage, p.open_flags, p.missing
		FROM   `+engagementTables+` `+w.SQL()+order+w.Number(" LIMIT ?", size+1), w.Args...)
	found, err := db.Many[EngagementRow](rows)
	return page.Turn(found, size, way, atStart), err
}

// narrowText looks for text in names and at the beginning of accounts.
func narrowText(w *db.Where, text string) {
	text = plain(text)
	if n, ok := person.ParseNumber(text); ok {
		w.Add("p.number = ?", int64(n))
		return
	}
	if text == "" {
		return
	}
	pattern := likeEscaper.Replace(text) + "%"
	w.Add(`(lower(p.name) LIKE lower(?) OR EXISTS (
		SELECT FROM engagement_accounts x WHERE x.engagement_id = e.id AND lower(x.account) LIKE lower(?)))`, "%"+pattern, pattern)
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// plain is text that PostgreSQL takes.
func plain(text string) string {
	return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), ""))
}

func accountOwners(ctx context.Context, q db.Querier, accounts []string) (map[string]Owner, error) {
	rows, _ := q.Query(ctx, `
		SELECT given.account, e.person_id, e.id, e.ended_on IS NULL AS running
		FROM   unnest($1::text[]) AS given (account)
		JOIN   engagement_accounts x ON lower(x.account) = lower(given.account)
		JOIN   engagements e ON e.id = x.engagement_id
		ORDER  BY given.account, running DESC, e.started_on DESC, e.id DESC`, accounts)
	type claim struct {
		Owner
		running bool
	}
	best, shared := map[string]claim{}, map[string]bool{}
	var account string
	var c claim
	_, err := pgx.ForEachRow(rows, []any{&account, &c.PersonID, &c.EngagementID, &c.running}, func() error {
		first, there := best[account]
		if !there {
			best[account] = c
		} else if first.running && c.running && first.PersonID != c.PersonID {
			shared[account] = true
		}
		return nil
	})
	owners := make(map[string]Owner, len(best))
	for account, c := range best {
		if !shared[account] {
			owners[account] = c.Owner
		}
	}
	return owners, err
}
