package dashboard

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Found is what a search from anywhere turned up, group by group.
type Found struct {
	People []person.Person
	Jobs   []FoundJob
	Cases  []FoundCase
	// Entries are checks, signals, steps and other entries of the framework.
	Entries []catalogue.Item
}

// None reports whether nothing was found.
func (f Found) None() bool {
	return len(f.People)+len(f.Jobs)+len(f.Cases)+len(f.Entries) == 0
}

// FoundJob is a job found by its title.
type FoundJob struct{ ID, Title, Team, Status string }

// FoundCase is a case found by its code name or number, never by its subject.
type FoundCase struct {
	ID, CodeName, Status string
	Phase                catalogue.Phase
}

const (
	maxQuery    = 100
	searchGroup = 6
)

// Search looks for people by name or number, jobs by title, cases of the actor by code name, and entries of the
// framework by id or words. Of each group it returns the first few.
func (s *Service) Search(ctx context.Context, actor authz.Actor, people *person.Service, text string) (Found, error) {
	text = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), ""))
	if r := []rune(text); len(r) > maxQuery {
		text = string(r[:maxQuery])
	}
	var f Found
	if text == "" {
		return f, nil
	}
	f.Entries = s.lib.Current().Search(text)
	f.Entries = f.Entries[:min(len(f.Entries), searchGroup)]
	batch := &pgx.Batch{}
	queueJobSearch(batch, actor, text, &f.Jobs)
	queueCaseSearch(batch, actor, text, &f.Cases)
	if batch.Len() > 0 {
		if err := s.db.Heavy(ctx).SendBatch(ctx, batch).Close(); err != nil {
			return Found{}, err
		}
	}
	if !actor.May(authz.PersonRead) {
		return f, nil
	}
	var err error
	f.People, err = people.Search(ctx, actor, text, searchGroup)
	return f, err
}

func queueJobSearch(batch *pgx.Batch, actor authz.Actor, text string, into *[]FoundJob) {
	if !actor.May(authz.JobRead) {
		return
	}
	var w db.Where
	if !actor.SeesAllPeople() {
		w.Add("j.manager_id = ?", nullable(actor.ID))
	}
	likeWords(&w, "j.title", text)
	batch.Queue(`
		SELECT j.id, j.title, j.team, j.status FROM jobs j `+w.SQL()+`
		ORDER  BY j.status DESC, j.created_at DESC, j.id DESC
		`+w.Number("LIMIT ?", searchGroup), w.Args...).Query(many(into))
}

func queueCaseSearch(batch *pgx.Batch, actor authz.Actor, text string, into *[]FoundCase) {
	if !actor.May(authz.CaseRead) {
		return
	}
	var w db.Where
	MemberOf(actor, &w, "c.id", Any)
	likeWords(&w, "c.code_name", text)
	batch.Queue(`
		SELECT c.id, c.code_name, c.status, c.phase FROM cases c `+w.SQL()+`
		ORDER  BY c.opened_at DESC, c.id DESC
		`+w.Number("LIMIT ?", searchGroup), w.Args...).Query(many(into))
}

// likeWords narrows a column to rows that hold every word. One or two letters must begin the text, since nothing
// inside it is worth finding by them.
func likeWords(w *db.Where, column, text string) {
	for _, word := range person.Words(text) {
		pattern := likeEscaper.Replace(word) + "%"
		if utf8.RuneCountInString(word) > 2 {
			pattern = "%" + pattern
		}
		w.Add("lower("+column+") LIKE lower(?)", pattern)
	}
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
