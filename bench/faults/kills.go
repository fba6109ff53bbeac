package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/internal/account"
	"gatehouse/internal/app"
	"gatehouse/internal/demo"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/localdb"
)

// prepare makes the installation and its invented company, and a token for machines.
func prepare(ctx context.Context, s *site) (found scene, err error) {
	if err := os.MkdirAll(s.data, 0o755); err != nil {
		return found, err
	}
	a, err := app.Open(ctx, config.Config{Data: s.data, DatabaseURL: s.url, MaxUpload: 1 << 20}, slog.New(slog.DiscardHandler))
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := demo.Fill(ctx, a, demo.Plan{Ordinary: 12, Now: a.DB.Now()}); err != nil {
		return found, err
	}
	pool, err := pgxpool.New(ctx, a.DatabaseURL())
	if err != nil {
		return found, err
	}
	defer pool.Close()
	if found, err = sceneOf(ctx, pool); err != nil {
		return found, fmt.Errorf("somebody to write about: %w", err)
	}
	if err := found.plan(ctx, a, pool); err != nil {
		return found, fmt.Errorf("an interview to write about: %w", err)
	}
	_, found.token, err = account.NewService(a.DB).NewToken(ctx, authz.System("faults"), "faults", []authz.Permission{authz.SignalIngest}, nil)
	return found, err
}

// enter starts the server and the writing.
func enter(ctx context.Context, s *site) (*checker, error) {
	found, err := prepare(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	c, err := newChecker(ctx, &load{site: s, ledger: newLedger(), scene: found})
	if err == nil {
		err = c.begin(ctx)
	}
	return c, err
}

// anyMoment is within how long after the writing goes on again something is killed.
const anyMoment = 300 * time.Millisecond

// atAnyMoment waits until the writing goes on, and then some time that nobody knows.
func (c *checker) atAnyMoment(ctx context.Context) error {
	if err := c.progress(ctx); err != nil {
		return err
	}
	time.Sleep(rand.N(anyMoment)) // at any time: that is the point
	return nil
}

// killing kills server, database or both, again and again.
func killing(ctx context.Context, binary, data string, times int) (o outcome, err error) {
	s := &site{binary: binary, data: data}
	began := time.Now()
	o = outcome{what: "kill -9", faults: map[string]int{}}
	c, err := enter(ctx, s)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	alone := 0 // how often in a row the database was killed and the server not
	for range times {
		if err := c.atAnyMoment(ctx); err != nil {
			return o, err
		}
		what := [...]string{"server", "database", "both"}[rand.IntN(3)]
		if alone++; what != "database" {
			alone = 0
		} else if alone > 2 { // the server waits ever longer before it starts a database that keeps dying
			what, alone = "both", 0
		}
		o.faults[what]++
		if err := c.killOne(ctx, what); err != nil {
			return o, err
		}
		if err := c.progress(ctx); err != nil {
			return o, err
		}
		if err := c.checkPrivate(ctx); err != nil {
			return o, fmt.Errorf("after %v: %w", o.faults, err)
		}
		tell("kill -9", o.faults, c)
	}
	c.end()
	err = c.checkPrivate(ctx)
	o.tally, o.took = c.tally, time.Since(began)
	return o, err
}

// tell says how far it is, for whoever watches.
func tell(what string, faults map[string]int, c *checker) {
	fmt.Fprintf(os.Stderr, "%s: %v, %d acknowledged, %d lost, %d items, %d broken, %d entries\n", what, faults, c.acknowledged, c.lost, c.items, c.broken, c.entries)
}

func (c *checker) checkPrivate(ctx context.Context) error {
	url, err := localdb.Reach(ctx, filepath.Join(c.data, "postgres"))
	if err != nil {
		return err
	}
	return c.check(ctx, url)
}

// killOne kills what is named and, where that was the server, starts it again. A database that is killed alone is for
// the server to start again.
func (c *checker) killOne(ctx context.Context, what string) error {
	if what != "server" {
		pid, err := postmaster(filepath.Join(c.data, "postgres", "data"))
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return err
		}
	}
	if what == "database" {
		return nil
	}
	c.kill()
	return c.start(ctx)
}

// postmaster is the main process of the PostgreSQL on a data folder.
func postmaster(data string) (int, error) {
	file, err := os.Open(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(content), "\n")
	return strconv.Atoi(first)
}
