package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/audit"
	"gatehouse/internal/audit/proof"
	"gatehouse/internal/demo"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/privacy"
	"gatehouse/web/path"
)

// holding is an installation with the demo's stories, and the subject of its closed case.
type holding struct {
	*apptest.World
	t        *testing.T
	subject  person.ID
	name     string
	register privacy.Register
}

func newHolding(t *testing.T) holding {
	t.Helper()
	h := holding{World: apptest.New(t), t: t}
	if err := demo.Fill(t.Context(), h.App, demo.Plan{Ordinary: 5, Now: time.Now().UTC()}); err != nil {
		t.Fatal(err)
	}
	row := h.DB.Pool().QueryRow(t.Context(), `
		SELECT p.id, p.name FROM cases c JOIN people p ON p.id = c.person_id
		WHERE  c.status = 'closed' AND EXISTS (SELECT FROM dossier_entries d WHERE d.case_id = c.id)
		AND    EXISTS (SELECT FROM payments y WHERE y.case_id = c.id) ORDER BY c.closed_at LIMIT 1`)
	if err := row.Scan(&h.subject, &h.name); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.register, err = h.Features.Privacy.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h holding) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.DB.Pool().Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

// actor is a user of the demo.
func (h holding) actor(email string) authz.Actor {
	h.t.Helper()
	u, err := h.Features.Accounts.ByEmail(h.t.Context(), email)
	if err != nil {
		h.t.Fatal(err)
	}
	return u.Actor()
}

// dump reads every row of every table as text, byte strings too.
func (h holding) dump(tables []string) string {
	h.t.Helper()
	var all strings.Builder
	for _, table := range tables {
		rows, _ := h.DB.Pool().Query(h.t.Context(), `SELECT to_jsonb(t)::text FROM `+pgx.Identifier{table}.Sanitize()+` t`)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			h.t.Fatal(err)
		}
		for _, line := range lines {
			all.WriteString(table + " " + line + "\n")
		}
	}
	return all.String()
}

func (h holding) tables() []string {
	var names []string
	for _, t := range h.register {
		names = append(names, t.Name)
	}
	return names
}

// personal collects what the register says is personal of the subject: each string of some length, as it lies in the database.
func (h holding) personal() map[string]string {
	h.t.Helper()
	found := map[string]string{}
	for _, t := range h.register.About() {
		where, err := h.register.Where(t)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, c := range t.Personal() {
			rows, _ := h.DB.Pool().Query(h.t.Context(), fmt.Sprintf("SELECT to_jsonb(%s)::text FROM %s WHERE %s", c.Name, t.Name, where), h.subject)
			values, err := pgx.CollectRows(rows, pgx.RowTo[*string])
			if err != nil {
				h.t.Fatal(err)
			}
			for _, v := range values {
				if v != nil {
					eachString(*v, func(s string) { found[s] = t.Name + "." + c.Name })
				}
			}
		}
	}
	return found
}

// eachString calls each with every string in a JSON value that is long enough to be somebody's.
func eachString(text string, each func(string)) {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if _, err := time.Parse(time.DateOnly, v); len(v) >= 6 && err != nil { // a day is nobody's
				each(v)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
}

// quoted is a string as it stands inside the JSON text of a dump.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	// PostgreSQL escapes fewer signs than Go does.
	return strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(strings.Trim(string(b), `"`))
}

// TestWhatIsKeptIsGivenOutAndErased tells the whole story of one installation: filling one takes seconds.
func TestWhatIsKeptIsGivenOutAndErased(t *testing.T) {
	t.Parallel()
	h := newHolding(t)
	h.givesOutAllButCases()
	h.leavesNoTrace()
}

// leavesNoTrace: after the subject of a closed case is erased, nothing that said who they were is anywhere in the
// database or among the files, whatever table it was in, and the log still proves what was done.
func (h holding) leavesNoTrace() {
	t, ctx := h.t, h.t.Context()
	t.Helper()
	hr, lead := h.actor("hr@example.com"), h.actor("lead@example.com")

	// What lies outside the subject's own rows: a colleague recommended by them, a view that looks for them, an account of theirs.
	h.exec(`UPDATE people SET referrer_id = $1, referrer_name = $2 WHERE id = (SELECT id FROM people WHERE id <> $1 ORDER BY id LIMIT 1)`, h.subject, h.name)
	h.exec(`INSERT INTO saved_views (id, owner_id, page, name, query, created_at) VALUES (gen_random_uuid(), $1, 'candidates', 'mine', $2, now())`,
		lead.ID, url.Values{"q": {h.name}}.Encode())
	account := h.User("Their Own Account", authz.Interviewer)
	h.exec(`UPDATE users SET person_id = $1 WHERE id = $2`, h.subject, account.ID)

	var opened string
	must(t, h.DB.Pool().QueryRow(ctx, `SELECT id FROM evidence_items WHERE person_id = $1 AND case_id IS NULL AND body IS NOT NULL LIMIT 1`, h.subject).Scan(&opened))
	_, content, err := h.Features.Evidence.Open(ctx, lead, evidence.ID(opened), evidence.Opening{How: evidence.Viewed, Reason: "To compare the names."})
	must(t, err)
	must(t, content.Close())

	personal := h.personal()
	if personal["To compare the names."] == "" {
		t.Error("why evidence was opened is not among what is personal")
	}
	if len(personal) < 50 {
		t.Fatalf("only %d personal values: the register leads nowhere", len(personal))
	}
	personal[h.name], personal[account.Email], personal[account.Name] = "people.name", "users.email", "users.name"
	var files []string
	rows, _ := h.DB.Pool().Query(ctx, `SELECT blob_key FROM evidence_items WHERE person_id = $1 AND blob_key IS NOT NULL`, h.subject)
	files, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(files) == 0 {
		t.Fatalf("the subject has no files: %v", err)
	}

	erase := func() error {
		p, err := h.Features.People.ByID(ctx, hr, h.subject)
		if err != nil {
			return err
		}
		return h.Features.Privacy.Erase(ctx, hr, h.subject, p.Version, privacy.Request)
	}
	if err := erase(); err == nil || !strings.Contains(err.Error(), "legal hold") {
		t.Fatalf("erased although it is on hold: %v", err)
	}
	standing, err := h.Features.Privacy.Of(ctx, lead, h.subject)
	must(t, err)
	for _, hold := range standing.Holds {
		_, err := h.Features.Privacy.Lift(ctx, lead, hold.ID, "The matter is settled.")
		must(t, err)
	}
	if err := erase(); err == nil || !strings.Contains(err.Error(), account.Email) {
		t.Fatalf("erased although they have an account: %v", err)
	}
	if err := h.Features.Accounts.Disable(ctx, h.actor("admin@example.com"), account.ID, account.Version); err != nil {
		t.Fatal(err)
	}
	if err := erase(); err != nil {
		t.Fatal(err)
	}

	after, others := h.dump(h.tables()), h.sharedWords()
	for value, from := range personal {
		if at := strings.Index(after, quoted(value)); at >= 0 && !strings.Contains(others, quoted(value)) {
			t.Errorf("%q of %s is still there: …%s…", value, from, after[max(0, at-120):min(len(after), at+len(value)+40)])
		}
	}
	for _, name := range files {
		if left := findFile(t, h.Config.Data, name); left != "" {
			t.Errorf("the file %s is still there", left)
		}
	}
	h.verifies()
	h.saysErased(hr)
	h.pagesStillWork(files)
}

// sharedWords are the values that somebody else's rows have too, such as the name of a city or a sentence of the framework.
func (h holding) sharedWords() string {
	h.t.Helper()
	var all strings.Builder
	for _, t := range h.register.About() {
		where, err := h.register.Where(t)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, c := range t.Personal() {
			if c.Also != "" || t.Name == "audit_values" {
				continue
			}
			rows, _ := h.DB.Pool().Query(h.t.Context(), fmt.Sprintf("SELECT to_jsonb(%s)::text FROM %s WHERE NOT coalesce(%s, false)", c.Name, t.Name, where), h.subject)
			values, err := pgx.CollectRows(rows, pgx.RowTo[*string])
			if err != nil {
				h.t.Fatal(err)
			}
			for _, v := range values {
				if v != nil {
					all.WriteString(*v + "\n")
				}
			}
		}
	}
	content, err := json.Marshal(h.Features.Catalogue.Current())
	if err != nil {
		h.t.Fatal(err)
	}
	all.Write(content)
	all.WriteString(h.dump([]string{"jobs"}))
	return all.String()
}

func findFile(t *testing.T, root, name string) (found string) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err == nil && strings.Contains(d.Name(), name) {
			found = file
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// verifies checks the whole log offline.
func (h holding) verifies() {
	h.t.Helper()
	var bundle bytes.Buffer
	if err := h.Features.Sealer.SealNow(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	if err := h.Features.Sealer.Export(h.t.Context(), &bundle, audit.WithValues); err != nil {
		h.t.Fatal(err)
	}
	report, err := proof.Verify(&bundle, h.Features.Sealer.Key())
	if err != nil || report.Erased == 0 {
		h.t.Errorf("the log: %+v, error %v; want it whole, with erased values", report, err)
	}
}

func (h holding) saysErased(hr authz.Actor) {
	h.t.Helper()
	erasures, err := h.Features.Privacy.ErasuresOf(h.t.Context(), h.subject)
	if err != nil || len(erasures) != 1 || erasures[0].Basis != privacy.Request || erasures[0].ErasedBy == "" || erasures[0].Items == 0 {
		h.t.Errorf("the record of the erasure: %+v, error %v", erasures, err)
	}
	var entries int
	row := h.DB.Pool().QueryRow(h.t.Context(), `SELECT count(*) FROM audit_entries WHERE action = 'person.erased' AND person_id = $1 AND actor_id = $2`, h.subject, hr.ID)
	if err := row.Scan(&entries); err != nil || entries != 1 {
		h.t.Errorf("%d entries say that they were erased, error %v", entries, err)
	}
}

// pagesStillWork opens what is left of the person, as whoever may.
func (h holding) pagesStillWork(items []string) {
	h.t.Helper()
	u, err := h.Features.Accounts.ByEmail(h.t.Context(), "lead@example.com")
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.Features.Accounts.SetPassword(h.t.Context(), authz.System("test"), u.ID, apptest.Password); err != nil {
		h.t.Fatal(err)
	}
	b := h.SignIn(u)
	var caseID string
	if err := h.DB.Pool().QueryRow(h.t.Context(), `SELECT id FROM cases WHERE person_id = $1`, h.subject).Scan(&caseID); err != nil {
		h.t.Fatal(err)
	}
	pages := []string{path.Candidate(h.subject), path.Cases + "/" + caseID, path.Cases + "/" + caseID + "/report", path.Cases + "/" + caseID + "/dossier",
		path.Cases + "/" + caseID + "/money", path.Cases + "/" + caseID + "/access", path.Cases + "/" + caseID + "/timeline",
		path.EvidenceItems + "/" + items[0], path.Candidates, path.InsightsHiring, path.PersonAudit(h.subject)}
	for _, tab := range []string{"claims", "checks", "flags", "interviews", "evidence", "history"} {
		pages = append(pages, path.CandidateTab(h.subject, tab))
	}
	for _, page := range pages {
		got := b.Get(page)
		if got.Status != http.StatusOK {
			h.t.Errorf("GET %s: status %d", page, got.Status)
		}
		if strings.Contains(got.Body, h.name) {
			h.t.Errorf("GET %s still names them", page)
		}
	}
}

// TestEveryColumnSaysWhatItHolds: a column that can hold text says whose it is, so that none is forgotten when somebody is erased
// or asks what is kept about them.
func TestEveryColumnSaysWhatItHolds(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	register, err := w.Features.Privacy.Register(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := w.DB.Pool().Query(t.Context(), `
		SELECT c.relname || '.' || a.attname
		FROM   pg_class c
		JOIN   pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE  c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'goose_db_version'
		AND    format_type(a.atttypid, a.atttypmod) ~ '^(text|character varying|jsonb?|bytea|inet|citext)'
		AND    col_description(c.oid, a.attnum) IS NULL`)
	silent, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range silent {
		t.Errorf("%s does not say what it holds: COMMENT ON COLUMN, see migrations/00028_privacy.sql", column)
	}
	for _, table := range register {
		if table.What == "" {
			t.Errorf("table %s does not say what it holds: COMMENT ON TABLE", table.Name)
		}
		if len(table.Personal()) > 0 && table.Key == "" {
			t.Errorf("table %s holds what is personal, and does not say whose: [person: COLUMN of TABLE]", table.Name)
		}
		if table.Key == "" {
			continue
		}
		where, err := register.Where(table)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := w.DB.Pool().Exec(t.Context(), fmt.Sprintf("SELECT 1 FROM %s WHERE %s", table.Name, where), "0192f0c1-7b3a-7cde-8123-0000000000aa"); err != nil {
			t.Errorf("table %s leads to nobody: %v", table.Name, err)
		}
	}
}

// givesOutAllButCases: a person gets what is kept about them, with files as they were collected, and nothing that
// tells of a case unless somebody who is in it says so.
func (h holding) givesOutAllButCases() {
	t, ctx := h.t, h.t.Context()
	t.Helper()
	var caseID, codeName string
	if err := h.DB.Pool().QueryRow(ctx, `SELECT id, code_name FROM cases WHERE person_id = $1`, h.subject).Scan(&caseID, &codeName); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		actor authz.Actor
		with  privacy.Cases
		tells bool
	}{
		{"without cases", h.actor("lead@example.com"), privacy.WithoutCases, false},
		{"with cases, by a member", h.actor("lead@example.com"), privacy.WithCases, true},
		{"with cases, by somebody else", h.actor("auditor@example.com"), privacy.WithCases, false},
	} {
		d, err := h.Features.Privacy.Disclose(ctx, tt.actor, h.subject, tt.with)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		var out bytes.Buffer
		if err := d.WriteTo(ctx, &out); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		parts := unzip(t, out.Bytes())
		var records struct {
			Records map[string][]map[string]any
		}
		if err := json.Unmarshal([]byte(parts["records.json"]), &records); err != nil {
			t.Fatalf("%s: records.json: %v", tt.name, err)
		}
		if people := records.Records["people"]; len(people) != 1 || people[0]["name"] != h.name {
			t.Errorf("%s: people: %v", tt.name, people)
		}
		if tt.tells {
			for _, table := range []string{"claims", "payments", "dossier_entries"} {
				for _, row := range records.Records[table] {
					for column, value := range row {
						if text, _ := value.(string); strings.HasPrefix(text, `\x`) {
							t.Errorf("%s: %s.%s is given out encrypted", tt.name, table, column)
						}
					}
				}
			}
		}
		if to, _ := first(records.Records["payments"])["destination_sealed"].(string); tt.tells && to == "" {
			t.Errorf("%s: where money went is not given out", tt.name)
		}
		for _, part := range []string{"records.json", "records.html"} {
			if !strings.Contains(parts[part], h.name) {
				t.Errorf("%s: %s does not name them", tt.name, part)
			}
			if told := strings.Contains(parts[part], codeName) || strings.Contains(parts[part], caseID); told != tt.tells {
				t.Errorf("%s: %s tells of the case: %v, want %v", tt.name, part, told, tt.tells)
			}
		}
		for _, secret := range []string{"wrapped", "password_hash", `"legal_holds"`, "blob_key\": null, \"doc"} {
			if strings.Contains(parts["records.json"], secret) {
				t.Errorf("%s: records.json has %s", tt.name, secret)
			}
		}
		if !slices.ContainsFunc(keys(parts), func(name string) bool { return strings.HasPrefix(name, "evidence/") && len(parts[name]) > 0 }) {
			t.Errorf("%s: no files: %v", tt.name, keys(parts))
		}
		if strings.Contains(parts["README.txt"], "could not be read") {
			t.Errorf("%s: %s", tt.name, parts["README.txt"])
		}
	}
}

func first(rows []map[string]any) map[string]any {
	if len(rows) == 0 {
		return nil
	}
	return rows[0]
}

func keys(m map[string]string) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return all
}

func unzip(t *testing.T, content []byte) map[string]string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range archive.File {
		if parts[f.Name] != "" || !filepath.IsLocal(f.Name) {
			t.Errorf("entry %q", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[f.Name] = string(b)
	}
	return parts
}
