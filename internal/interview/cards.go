package interview

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// The fields of scorecard_words that are no check.
const (
	summaryField = "summary"
	reasonField  = "reason"
)

// line is an answer as a scorecard keeps it: nothing that somebody wrote, so that erasing words breaks no card.
type line struct {
	CheckID    string           `json:"check"`
	Verdict    catalogue.Answer `json:"verdict"`
	Evidence   []evidence.ID    `json:"evidence,omitempty"`
	AnsweredAt time.Time        `json:"answered_at"`
}

// cardRow is a row of scorecards with its interviewer's name.
type cardRow struct {
	ID          CardID
	InterviewID ID
	UserID      account.ID
	UserName    string
	Number      int
	Answers     []line
	SubmittedAt time.Time
}

type wordRow struct {
	ScorecardID CardID
	Field       string
	Words       string
}

// insertCard stores a version: its lines, and apart from them the words.
func insertCard(ctx context.Context, tx *db.Tx, iv Interview, c Scorecard) (CardID, error) {
	cardID := CardID(id.New())
	lines := make([]line, len(c.Answers))
	fields, words := []string{summaryField, reasonField}, []string{c.Summary, c.Reason}
	for i, a := range c.Answers {
		lines[i] = line{CheckID: a.CheckID, Verdict: a.Verdict, Evidence: a.Evidence, AnsweredAt: a.AnsweredAt}
		fields, words = append(fields, a.CheckID), append(words, a.Note)
	}
	body, err := json.Marshal(lines)
	if err != nil {
		return "", fmt.Errorf("encode scorecard: %w", err)
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO scorecards (id, interview_id, user_id, number, answers, submitted_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, cardID, iv.ID, c.UserID, c.Number, body, tx.Now); err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO scorecard_words (scorecard_id, field, words, person_id)
		SELECT $1, w.field, w.words, $4
		FROM   unnest($2::text[], $3::text[]) AS w (field, words)
		WHERE  w.words <> ''`, cardID, fields, words, iv.PersonID)
	return cardID, err
}

// queueCards asks for the scorecards of the interviews that the actor may read, and for their words. scope is a
// condition on scorecards c over the argument @scope.
func queueCards(b *pgx.Batch, actor authz.Actor, scope string, value any) {
	args := pgx.NamedArgs{"me": me(actor), "scope": value}
	b.Queue(`
		SELECT c.id, c.interview_id, c.user_id, u.name AS user_name, c.number, c.answers, c.submitted_at
		FROM   scorecards c JOIN users u ON u.id = c.user_id
		WHERE  `+scope+` AND `+unveiled+`
		ORDER  BY lower(u.name), c.user_id, c.number`, args)
	b.Queue(`
		SELECT w.scorecard_id, w.field, w.words
		FROM   scorecard_words w JOIN scorecards c ON c.id = w.scorecard_id
		WHERE  `+scope+` AND `+unveiled, args)
}

// collectCards reads what queueCards asked for.
func collectCards(results pgx.BatchResults) ([]Scorecard, error) {
	rows, _ := results.Query()
	cards, err := db.Many[cardRow](rows)
	if err != nil {
		return nil, fmt.Errorf("read scorecards: %w", err)
	}
	rows, _ = results.Query()
	written, err := db.Many[wordRow](rows)
	if err != nil {
		return nil, fmt.Errorf("read scorecards' words: %w", err)
	}
	words := map[CardID]map[string]string{}
	for _, w := range written {
		if words[w.ScorecardID] == nil {
			words[w.ScorecardID] = map[string]string{}
		}
		words[w.ScorecardID][w.Field] = w.Words
	}
	all := make([]Scorecard, len(cards))
	for i, c := range cards {
		all[i] = c.card(words[c.ID])
	}
	return all, nil
}

func (r cardRow) card(words map[string]string) Scorecard {
	c := Scorecard{ID: r.ID, InterviewID: r.InterviewID, UserID: r.UserID, UserName: r.UserName, Number: r.Number,
		Summary: words[summaryField], Reason: words[reasonField], SubmittedAt: r.SubmittedAt}
	for _, l := range r.Answers {
		c.Answers = append(c.Answers, Answer{CheckID: l.CheckID, Verdict: l.Verdict, Note: words[l.CheckID],
			AnsweredAt: l.AnsweredAt, Evidence: l.Evidence})
	}
	return c
}

// latestOwn is the newest version of the actor's scorecard.
func latestOwn(ctx context.Context, tx *db.Tx, interviewID ID) (Scorecard, error) {
	b := &pgx.Batch{}
	queueCards(b, tx.Actor, "c.user_id = @me AND c.interview_id = @scope", interviewID)
	results := tx.SendBatch(ctx, b)
	cards, err := collectCards(results)
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	if err != nil || len(cards) == 0 {
		return Scorecard{}, err
	}
	return cards[len(cards)-1], nil
}
