package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/localdb/node"
)

// runOn runs statements on one server.
func runOn(t *testing.T, n *node.Node, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), n.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range statements {
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDoctorLooksAtEveryServer follows a primary and its standby through what may become of them.
func TestDoctorLooksAtEveryServer(t *testing.T) {
	primary, standby := dbtest.Pair(t)
	data := t.TempDir()
	t.Setenv("GATEHOUSE_DATABASE_URL", node.URL(primary, standby))
	t.Setenv("GATEHOUSE_DATABASE_STANDBY_URL", standby.URL())
	want := func(when, part string, state health, words ...string) {
		t.Helper()
		var d diagnosis
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
			report, _ := doctor(t, "--data", data)
			d = report[part]
			if d.State == state && !strings.Contains(d.Found+" "+d.Note, "%!") {
				missing := false
				for _, word := range words {
					missing = missing || !strings.Contains(d.Found+" "+d.Note, word)
				}
				if !missing {
					return
				}
			}
		}
		t.Errorf("%s: %+v, want %s and %q", when, d, state, words)
	}

	want("all is well", "Database servers", well, "a is the primary", "b follows")
	want("all is well", "Standby for reading", well, "keeps up")
	want("all is well", "Replication", absent, "not synchronous", "synchronous_standby_names")
	runOn(t, primary, `ALTER SYSTEM SET synchronous_standby_names = '*'`, `SELECT pg_reload_conf()`)
	want("synchronous", "Replication", well, "survives the primary")

	runOn(t, standby, `SELECT pg_wal_replay_pause()`)
	runOn(t, primary, `CREATE TABLE lines (n int)`)
	want("paused", "Standby for reading", broken, " s behind", "Is replaying paused")
	runOn(t, standby, `SELECT pg_wal_replay_resume()`)
	want("resumed", "Standby for reading", well, "keeps up")

	standby.Kill()
	want("killed", "Standby for reading", broken, "does not answer", "reads from the primary")
	want("killed", "Database servers", broken, "b does not answer")
	want("killed", "Replication", broken, "no standby is connected")
	if err := standby.Start(t.Context()); err != nil {
		t.Fatal(err)
	}

	primary.Kill()
	want("without a primary", "Database servers", broken, "a does not answer", "Promote a standby")
	want("without a primary", "Standby for reading", broken, "no primary")
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("promoted", "Database servers", broken, "b is the primary")
	want("promoted", "Standby for reading", absent, "the primary itself")
	if err := primary.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("the old primary is back", "Database servers", broken, "More than one takes writes")
}

// TestDoctorKnowsAStranger: a standby of another database is told from ours, by an ordinary role.
func TestDoctorKnowsAStranger(t *testing.T) {
	primary, standby := dbtest.Pair(t)
	t.Setenv("GATEHOUSE_DATABASE_URL", dbtest.URL(t))
	t.Setenv("GATEHOUSE_DATABASE_STANDBY_URL", standby.URL())
	report, code := doctor(t, "--data", t.TempDir())
	if d := report["Standby for reading"]; code != exitFailed || d.State != broken || !strings.Contains(d.Found, "no copy of this database") {
		t.Errorf("exit %d, %+v", code, d)
	}
	t.Setenv("GATEHOUSE_DATABASE_URL", standby.URL()+"&target_session_attrs=any")
	t.Setenv("GATEHOUSE_DATABASE_STANDBY_URL", primary.URL())
	if report, _ := doctor(t, "--data", t.TempDir()); report["Standby for reading"].State != broken {
		t.Errorf("the two the wrong way round: %+v", report["Standby for reading"])
	}
}
