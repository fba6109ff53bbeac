// Package demo fills an installation with invented people and walks them through the real services: every row, audit
// entry, assessment and piece of evidence is made the way a person at the keyboard makes it, at its own time over the
// last six months. It owns no tables.
//
// The stories come from the catalogue's scenarios (stories.go says where each one stands); two hundred ordinary
// candidates stand around them. Who somebody is, name and place, is dealt from one deck before anything is decided
// about their story (internal/cast), so no name here means anything.
//
// Filling happens once. The database remembers that it began and that it ended: one that began and did not end is
// emptied and filled anew, in one go, and nothing else is ever emptied.
package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/internal/app"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Password is that of every login of the demo. It protects nothing: all that the demo holds is invented.
const Password = "open-the-gatehouse"

// The names under which the database remembers how far the filling came.
const (
	begun  = "demo_begun"
	filled = "demo_filled"
)

// State is how far a database is a demo.
type State int

// The states.
const (
	Fresh       State = iota // nothing there
	Interrupted              // filling began and did not end
	Filled                   // the demo is there
	Foreign                  // somebody's real installation
)

// StateOf looks at what the database remembers and holds.
func StateOf(ctx context.Context, d *db.DB) (State, error) {
	done, err := d.Recall(ctx, filled)
	if err != nil || done != "" {
		return Filled, err
	}
	started, err := d.Recall(ctx, begun)
	if err != nil || started != "" {
		return Interrupted, err
	}
	var used bool
	err = d.Pool().QueryRow(ctx, `SELECT EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM people)`).Scan(&used)
	if used {
		return Foreign, err
	}
	return Fresh, err
}

// ErrForeign says that the database holds a real installation, which the demo leaves alone.
var ErrForeign = errors.New("this installation holds data that is not the demo's: choose another folder with --data")

// Wipe empties a database whose filling was interrupted, and no other. The application must be opened anew after it,
// which brings the schema back.
func Wipe(ctx context.Context, d *db.DB) error {
	state, err := StateOf(ctx, d)
	if err != nil {
		return err
	}
	if state != Interrupted {
		return errors.New("only a demo whose filling was interrupted is emptied")
	}
	_, err = d.Pool().Exec(ctx, `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	return err
}

// tellers is how many stories are told at the same time; each has a clock and a connection of its own.
const tellers = 3

// Plan says what to fill in.
type Plan struct {
	// Ordinary is how many candidates there are beside the stories.
	Ordinary int
	// Now is the moment the demo stands at.
	Now time.Time
	// Tell is told how far the filling is; nil for nobody.
	Tell func(string)
}

// Fill makes the demo in a fresh database.
func Fill(ctx context.Context, a *app.App, plan Plan) error {
	if plan.Tell == nil {
		plan.Tell = func(string) {}
	}
	state, err := StateOf(ctx, a.DB)
	if err != nil {
		return err
	}
	if state != Fresh {
		return ErrForeign
	}
	if _, err := a.DB.Remember(ctx, begun, plan.Now.UTC().Format(time.RFC3339)); err != nil {
		return err
	}
	w, err := newWorld(ctx, a, plan)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.tell(ctx); err != nil {
		return fmt.Errorf("fill the demo: %w", err)
	}
	// The tellers do not wait for the disk. This write does, and everything before it is on disk with it.
	_, err = a.DB.Remember(ctx, filled, plan.Now.UTC().Format(time.RFC3339))
	return err
}

// world is the company of the demo, and those who tell of it.
type world struct {
	Plan
	app       *app.App
	tellers   []*teller
	staff     staff
	jobs      map[string]job
	telemetry authz.Actor
	hearing   sync.Mutex
}

// teller walks people through the services at the time of their story.
type teller struct {
	*world
	db  *db.DB
	f   app.Features
	now time.Time
}

func newWorld(ctx context.Context, a *app.App, plan Plan) (*world, error) {
	address, err := patient(a.DatabaseURL())
	if err != nil {
		return nil, err
	}
	w := &world{Plan: plan, app: a, jobs: map[string]job{}}
	for range tellers {
		d, err := db.Open(ctx, address)
		if err != nil {
			w.close()
			return nil, err
		}
		t := &teller{world: w, db: d, f: a.FeaturesOn(d)}
		d.SetClock(func() time.Time { return t.now })
		w.tellers = append(w.tellers, t)
	}
	return w, nil
}

// patient is the address of connections that leave it to the database when to write to disk: for rows that can be
// made again, that is worth half the time.
func patient(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("database address: %w", err)
	}
	q := u.Query()
	q.Set("synchronous_commit", "off")
	q.Set("pool_max_conns", "3")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func (w *world) close() {
	for _, t := range w.tellers {
		t.db.Close()
	}
}

// tell fills the world: the company first, then all stories, told side by side.
func (w *world) tell(ctx context.Context) error {
	first := w.tellers[0]
	w.Tell("people of the company and jobs")
	if err := first.found(ctx); err != nil {
		return err
	}
	w.Tell("candidates, interviews and cases")
	tales := make(chan tale)
	outer := ctx
	group, ctx := errgroup.WithContext(outer)
	for _, t := range w.tellers {
		group.Go(func() error {
			for told := range tales {
				if err := t.walk(ctx, told); err != nil {
					return fmt.Errorf("%s: %w", told.title, err)
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(tales)
		for _, told := range w.tales() {
			select {
			case tales <- told:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return w.forget(outer)
}

// at moves the teller's clock.
func (t *teller) at(when time.Time) { t.now = when.UTC().Truncate(time.Second) }

// after moves the clock on, to a time at which people work, but never past the moment the demo stands at.
func (t *teller) after(d time.Duration) {
	next := t.now.Add(d)
	if day := atWork(next); day.Before(t.Now) {
		next = day
	}
	if next.Before(t.Now) {
		t.at(next)
	}
}

// atWork is the time itself, or the next morning on which people work. All places of the demo are near enough to
// Greenwich for its hours.
func atWork(when time.Time) time.Time {
	when = when.UTC()
	for {
		y, m, d := when.Date()
		switch hour, weekday := when.Hour(), when.Weekday(); {
		case weekday == time.Saturday || weekday == time.Sunday || hour >= 18:
			when = time.Date(y, m, d+1, 8, when.Minute(), when.Second(), 0, time.UTC)
		case hour < 8:
			when = time.Date(y, m, d, 8, when.Minute(), when.Second(), 0, time.UTC)
		default:
			return when
		}
	}
}
