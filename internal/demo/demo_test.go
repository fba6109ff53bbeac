package demo

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"gatehouse/internal/app"
	"gatehouse/internal/cast"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/signin"
)

// open1 opens an installation on the database, with files in a folder of the test.
func open1(t *testing.T, url, data string) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), config.Config{Data: data, DatabaseURL: url, MaxUpload: 1 << 20}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFill(t *testing.T) {
	t.Parallel()
	a := open1(t, dbtest.URL(t), t.TempDir())
	defer a.Close()
	now := time.Now().UTC()
	if err := Fill(t.Context(), a, Plan{Ordinary: 30, Now: now}); err != nil {
		t.Fatal(err)
	}
	t.Run("the people of the stories are as their scenarios say", func(t *testing.T) { checkBands(t, a) })
	t.Run("everybody can sign in", func(t *testing.T) {
		for _, l := range Logins() {
			if _, _, err := a.Features.Signin.SignIn(t.Context(), l.Email, Password, signin.Device{}); err != nil {
				t.Errorf("%s: %v", l.Email, err)
			}
		}
	})
	for sql, want := range map[string]int{
		`SELECT count(*) FROM cases WHERE status = 'closed' AND outcome = 'confirmed' AND lessons <> ''`:                           1,
		`SELECT count(*) FROM cases WHERE status = 'open'`:                                                                         1,
		`SELECT count(*) FROM access_grants`:                                                                                       22,
		`SELECT count(*) FROM access_grants WHERE attested_at IS NULL AND revoked_at IS NOT NULL`:                                  2,
		`SELECT count(DISTINCT level_id) FROM jobs`:                                                                                3,
		`SELECT count(DISTINCT state) FROM flags WHERE answer <> 'concern'`:                                                        3,
		`SELECT count(*) FROM case_steps s JOIN cases c ON c.id = s.case_id WHERE c.status = 'closed' AND s.override_reason <> ''`: 1,
	} {
		if got := count(t, a, sql); got != want {
			t.Errorf("%s\n\tis %d, want %d", sql, got, want)
		}
	}
	for _, sql := range []string{
		`SELECT count(*) FROM erasures`, `SELECT count(*) FROM legal_holds WHERE case_id IS NULL`, `SELECT count(*) FROM legal_holds WHERE case_id IS NOT NULL`,
		`SELECT count(*) FROM gate_overrides`, `SELECT count(*) FROM payments`, `SELECT count(*) FROM dossier_gaps`,
		`SELECT count(*) FROM case_steps s JOIN cases c ON c.id = s.case_id WHERE c.status = 'open' AND s.state = 'open' AND s.due_at < now()`,
		`SELECT count(*) FROM interviews WHERE starts_at BETWEEN now() AND now() + interval '13 minutes'`,
		`SELECT count(*) FROM interviewers v JOIN interviews i ON i.id = v.interview_id WHERE v.submitted_at IS NULL AND i.starts_at < now()`,
		`SELECT count(*) FROM evidence_items WHERE media_type = 'image/png'`, `SELECT count(*) FROM evidence_items WHERE media_type = 'application/pdf'`,
	} {
		if count(t, a, sql) == 0 {
			t.Errorf("none: %s", sql)
		}
	}
	if n := count(t, a, `SELECT count(*) FROM audit_entries WHERE at > now()`); n > 0 {
		t.Errorf("%d audit entries are of the future", n)
	}
	if state, err := StateOf(t.Context(), a.DB); state != Filled || err != nil {
		t.Errorf("state %d, %v", state, err)
	}
	if err := Fill(t.Context(), a, Plan{Now: now}); !errors.Is(err, ErrForeign) {
		t.Errorf("filling twice: %v", err)
	}
	if err := Wipe(t.Context(), a.DB); err == nil {
		t.Error("a whole demo was emptied")
	}
	if err := Refresh(t.Context(), a); err != nil {
		t.Errorf("refresh: %v", err)
	}
}

// checkBands compares each story's person with the band that the catalogue expects.
func checkBands(t *testing.T, a *app.App) {
	ed := a.Features.Catalogue.Current()
	for _, told := range (&world{Plan: Plan{Ordinary: 30}, app: a}).tales() {
		if told.story == "" {
			continue
		}
		var band string
		err := a.DB.Pool().QueryRow(t.Context(), `SELECT band FROM people WHERE name = $1`, told.who.Name()).Scan(&band)
		if err != nil {
			t.Fatalf("%s: %v", told.story, err)
		}
		for _, s := range ed.Scenarios {
			if s.ID == told.story && string(s.ExpectedOutcome) != band {
				t.Errorf("%s is %s, expected %v", told.story, band, s.ExpectedOutcome)
			}
		}
	}
}

func count(t *testing.T, a *app.App, sql string) (n int) {
	t.Helper()
	if err := a.DB.Pool().QueryRow(context.Background(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func TestFillingThatWasInterruptedIsMadeAnew(t *testing.T) {
	t.Parallel()
	url, data := dbtest.URL(t), t.TempDir()
	a := open1(t, url, data)
	ctx, cancel := context.WithCancel(t.Context())
	err := Fill(ctx, a, Plan{Now: time.Now(), Tell: func(what string) {
		if what == "candidates, interviews and cases" {
			cancel()
		}
	}})
	if err == nil {
		t.Fatal("the filling ended although it was interrupted")
	}
	if state, err := StateOf(t.Context(), a.DB); state != Interrupted || err != nil {
		t.Fatalf("state %d, %v", state, err)
	}
	if err := Wipe(t.Context(), a.DB); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = open1(t, url, data)
	defer a.Close()
	if state, err := StateOf(t.Context(), a.DB); state != Fresh || err != nil {
		t.Errorf("after emptying it: state %d, %v", state, err)
	}
}

func TestSomebodysInstallationIsLeftAlone(t *testing.T) {
	t.Parallel()
	a := open1(t, dbtest.URL(t), t.TempDir())
	defer a.Close()
	if _, err := a.DB.Pool().Exec(t.Context(), `INSERT INTO users (id, email, name, password_hash, roles, created_at)
		VALUES (gen_random_uuid(), 'somebody@example.com', 'Somebody', '', '{hr}', now())`); err != nil {
		t.Fatal(err)
	}
	if err := Fill(t.Context(), a, Plan{Now: time.Now()}); !errors.Is(err, ErrForeign) {
		t.Errorf("filled: %v", err)
	}
	if err := Wipe(t.Context(), a.DB); err == nil {
		t.Error("emptied")
	}
}

// TestNobodyIsCastForAStory: stories say nothing of who they are about. People come off one deck in the order of the
// telling, so that any story could be about anybody; internal/seed compares the bands over the lists.
func TestNobodyIsCastForAStory(t *testing.T) {
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	told := append(storyTales(lib.Current()), ordinaryTales(lib.Current(), 200)...)
	if len(told) != len(stories)+200 || len(stories) != len(lib.Current().Scenarios) {
		t.Errorf("%d tales, %d stories, %d scenarios", len(told), len(stories), len(lib.Current().Scenarios))
	}
	for _, tale := range told {
		if tale.who != (cast.Person{}) {
			t.Errorf("%s has somebody of its own", tale.title)
		}
	}
	byName, byBand := map[string]map[string]int{}, map[string]int{}
	for seed := range uint64(400) {
		deck := cast.NewDeck(seed)
		for _, s := range lib.Current().Scenarios {
			who, band := deck.Deal(), string(s.ExpectedOutcome)
			if byName[who.Family] == nil {
				byName[who.Family] = map[string]int{}
			}
			byName[who.Family][band]++
			byBand[band]++
		}
	}
	if chi, most := cast.Uneven(byName, byBand); chi > most {
		t.Errorf("bands differ over the names: chi-square %.0f, chance allows %.0f", chi, most)
	}
}
