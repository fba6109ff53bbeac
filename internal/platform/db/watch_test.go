package db_test

import (
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/localdb/node"
)

// until waits for something to become so, and has the servers looked at meanwhile.
func until(t *testing.T, d *db.DB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); d.Settle(ctx, &net.OpError{}) {
		if time.Now().After(deadline) {
			named, answers, lag := d.Following()
			t.Fatalf("waited in vain until %s; the standby: named %v, answers %v, %s behind", what, named, answers, lag)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// on runs a statement on one server.
func on(t *testing.T, n *node.Node, sql string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, n.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

func openOn(t *testing.T, url string, opts ...db.Option) *db.DB {
	t.Helper()
	d, err := db.Open(ctx, url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// TestStandbyIsReadWhileItKeepsUp follows one standby through what may become of it.
func TestStandbyIsReadWhileItKeepsUp(t *testing.T) {
	t.Parallel()
	primary, standby := dbtest.Pair(t)
	d := openOn(t, primary.URL(), db.Standby(standby.URL()))
	lagging := db.MayLag(ctx)
	aside := func() bool { return d.Heavy(lagging) != d.Pool() }
	until(t, d, "the standby is read", aside)
	if d.Heavy(ctx) != d.Pool() || d.Heavy(db.MayLag(db.Current(lagging))) != d.Pool() {
		t.Error("who must not read what is old reads from the standby")
	}

	on(t, primary, `CREATE TABLE lines (n int)`)
	on(t, primary, `SELECT pg_switch_wal()`)
	until(t, d, "nothing is missing, though nothing more is written", func() bool { _, answers, lag := d.Following(); return answers && lag == 0 })

	on(t, standby, `SELECT pg_wal_replay_pause()`)
	on(t, primary, `INSERT INTO lines VALUES (1)`)
	until(t, d, "the lag is too long", func() bool { _, _, lag := d.Following(); return lag > db.LagMost })
	if aside() {
		t.Error("a standby that is far behind is read")
	}
	late := openOn(t, primary.URL(), db.Standby(standby.URL()))
	until(t, late, "the standby answers", func() bool { _, answers, _ := late.Following(); return answers })
	if _, _, lag := late.Following(); lag <= db.LagMost {
		t.Errorf("whoever comes later takes the standby for %s behind", lag)
	}
	on(t, standby, `SELECT pg_wal_replay_resume()`)
	until(t, d, "the standby is read again", aside)

	standby.Kill()
	until(t, d, "it is noticed that the standby has gone", func() bool { _, answers, _ := d.Following(); return !answers })
	if aside() {
		t.Error("a standby that has gone is read")
	}
	if err := standby.Start(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, d, "the standby is read after it came back", aside)
}

// TestBusyStandbyIsNotTakenForAbsent: how far it is behind is known also while reading takes all its connections.
func TestBusyStandbyIsNotTakenForAbsent(t *testing.T) {
	t.Parallel()
	primary, standby := dbtest.Pair(t)
	d := openOn(t, primary.URL(), db.Standby(standby.URL()+"&pool_max_conns=2"))
	until(t, d, "the standby is read", func() bool { return d.Heavy(db.MayLag(ctx)) != d.Pool() })
	readers := d.Heavy(db.MayLag(ctx))
	for range readers.Config().MaxConns {
		conn, err := readers.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
	on(t, standby, `SELECT pg_wal_replay_pause()`)
	on(t, primary, `CREATE TABLE lines (n int)`)
	until(t, d, "the lag is known", func() bool {
		_, answers, lag := d.Following()
		if !answers {
			t.Fatal("a busy standby counts as absent")
		}
		return lag > db.LagMost
	})
}

// TestListeningGoesOnAfterAPromotion: who listens is told that nothing was heard for a while, and hears the new primary.
func TestListeningGoesOnAfterAPromotion(t *testing.T) {
	t.Parallel()
	first, second := dbtest.Pair(t)
	d := openOn(t, node.URL(first, second))
	listening, heard := make(chan bool, 100), make(chan struct{}, 100)
	go d.Listen(t.Context(), "news", func(on bool) { listening <- on }, func() { heard <- struct{}{} })
	wait := func(want bool) {
		t.Helper()
		for deadline := time.After(time.Minute); ; {
			select {
			case is := <-listening:
				if is == want {
					return
				}
			case <-deadline:
				t.Fatalf("nobody said that it listens: %v", want)
			}
		}
	}
	wait(true)
	first.Kill()
	wait(false)
	until(t, d, "the primary is missed", d.Away)
	if err := second.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	wait(true)
	on(t, second, `NOTIFY news`)
	select {
	case <-heard:
	case <-time.After(time.Minute):
		t.Error("what the new primary told was not heard")
	}
}
