package payment

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

// An amount is read without the zeros that the column's scale adds, but with two decimals at least.
const amount = `CASE WHEN scale(trim_scale(p.amount)) < 2 THEN round(p.amount, 2) ELSE trim_scale(p.amount) END::text`

const columns = `
	p.id, p.person_id, p.case_id, p.pay_on, ` + amount + ` AS amount,
	p.currency, p.method, p.state, p.note, p.explanation, p.recorded_at, p.recorded_by, p.version`

// unstopped is the condition of a payment p that is planned, neither stopped nor explained.
const unstopped = `p.state = 'planned' AND p.explanation = ''`

// UnstoppedJSON aggregates the payments p that are planned, neither stopped nor explained, into a JSON list that reads
// into Payment, null when there are none; for pages that read a case in one row.
const UnstoppedJSON = `
	json_agg(json_build_object('id', p.id, 'payon', p.pay_on::timestamp AT TIME ZONE 'UTC', 'amount', ` + amount + `,
	         'currency', p.currency, 'state', p.state) ORDER BY p.pay_on, p.id) FILTER (WHERE ` + unstopped + `)`

func unstoppedOf(ctx context.Context, q db.Querier, caseID string) ([]Payment, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+columns+`
		FROM   payments p
		WHERE  p.case_id = $1 AND `+unstopped+`
		ORDER  BY p.pay_on, p.id`, caseID)
	return db.ManyLax[Payment](rows)
}

// row is a payment with its destination as that is stored, and the key for it.
type row struct {
	Payment
	Sealed, Wrapped []byte
}

func ofCase(ctx context.Context, q db.Querier, caseID string) ([]row, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+columns+`, coalesce(u.name, '') AS recorder, p.destination_sealed AS sealed,
		       CASE WHEN p.destination_sealed IS NOT NULL THEN k.wrapped END AS wrapped
		FROM   payments p
		LEFT   JOIN users u ON u.id = p.recorded_by
		LEFT   JOIN person_keys k ON k.person_id = p.person_id
		WHERE  p.case_id = $1
		ORDER  BY p.pay_on DESC, p.id DESC`, caseID)
	return db.Many[row](rows)
}

// byID reads a payment without its destination.
func byID(ctx context.Context, q db.Querier, caseID string, paymentID ID) (Payment, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+columns+`, coalesce(u.name, '') AS recorder
		FROM   payments p
		LEFT   JOIN users u ON u.id = p.recorded_by
		WHERE  p.id = $1 AND p.case_id = $2`, paymentID, caseID)
	return db.One[Payment](rows, "payment")
}

func totalsOf(ctx context.Context, q db.Querier, caseID string) ([]Total, error) {
	rows, _ := q.Query(ctx, `
		SELECT t.currency, t.state, t.n AS count,
		       CASE WHEN scale(trim_scale(t.amount)) < 2 THEN round(t.amount, 2) ELSE trim_scale(t.amount) END::text AS amount
		FROM  (SELECT currency, state, count(*) AS n, sum(amount) AS amount
		       FROM   payments
		       WHERE  case_id = $1
		       GROUP  BY currency, state) t
		ORDER  BY t.currency, array_position(ARRAY['planned', 'stopped', 'paid', 'recalled', 'returned'], t.state)`, caseID)
	return db.Many[Total](rows)
}

// lock holds the row and refuses a version that somebody else has left behind.
func lock(ctx context.Context, tx *db.Tx, caseID string, paymentID ID, version int) (Payment, error) {
	var current int
	err := tx.QueryRow(ctx, `
		SELECT version FROM payments WHERE id = $1 AND case_id = $2 FOR UPDATE`, paymentID, caseID).Scan(&current)
	if errors.Is(err, pgx.ErrNoRows) {
		return Payment{}, apperr.Missing("payment")
	}
	if err != nil {
		return Payment{}, err
	}
	if current != version {
		return Payment{}, apperr.Conflict("This payment has changed since the page was shown. Look again before you decide.")
	}
	return byID(ctx, tx, caseID, paymentID)
}

func insert(ctx context.Context, tx *db.Tx, paymentID ID, caseID, personID string, n New, to destination) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO payments (id, person_id, case_id, pay_on, amount, currency, method, destination_sealed, match_key, state,
		                      note, recorded_at, recorded_by)
		VALUES ($1, $2, $3, $4, $5::text::numeric, $6, $7, $8, $9, $10, $11, $12, $13)`,
		paymentID, personID, caseID, n.PayOn, n.Amount, n.Currency, n.Method, to.sealed, to.key, n.State, n.Note,
		tx.Now, tx.ActorID())
	return err
}

// setState also drops an explanation: it was about the payment as planned.
func setState(ctx context.Context, tx *db.Tx, paymentID ID, to State) error {
	_, err := tx.Exec(ctx, `
		UPDATE payments SET state = $2, explanation = '', version = version + 1 WHERE id = $1`, paymentID, to)
	return err
}

func setExplanation(ctx context.Context, tx *db.Tx, paymentID ID, why string) error {
	_, err := tx.Exec(ctx, `
		UPDATE payments SET explanation = $2, version = version + 1 WHERE id = $1`, paymentID, why)
	return err
}

// openDestinations reads destinations that lie open.
func openDestinations(ctx context.Context, q db.Querier, most int) ([]person.OpenValue, error) {
	rows, _ := q.Query(ctx, `
		SELECT id, person_id, destination AS value, method AS kind FROM payments WHERE destination <> '' ORDER BY person_id, id LIMIT $1`, most)
	return db.Many[person.OpenValue](rows)
}

func setDestination(ctx context.Context, tx *db.Tx, v person.OpenValue, to destination) error {
	_, err := tx.Exec(ctx, `
		UPDATE payments SET destination = '', destination_sealed = $3, match_key = $4 WHERE id = $1 AND destination = $2`,
		v.ID, v.Value, to.sealed, to.key)
	return err
}
