package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/platform/localdb"
	"gatehouse/internal/platform/localdb/node"
)

// durable are the settings of a server whose commits wait for a standby. Every node has them, so that who is promoted
// acknowledges nothing before it has a standby of its own.
var durable = []string{"fsync=on", "full_page_writes=on", "synchronous_commit=on", "synchronous_standby_names=*"}

// promoting kills the primary and promotes its standby, again and again.
func promoting(ctx context.Context, binary, data string, times int) (o outcome, err error) {
	o = outcome{what: "promotion", faults: map[string]int{}}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return o, err
	}
	programs, err := localdb.Find(os.Getenv, data)
	if err != nil {
		return o, err
	}
	primary, err := node.New(programs, data, "a", durable...)
	if err != nil {
		return o, err
	}
	standby, err := node.New(programs, data, "b", durable...)
	if err != nil {
		return o, err
	}
	defer func() { standby.Stop(); primary.Stop() }()
	if err := node.Pair(ctx, primary, standby); err != nil {
		return o, err
	}
	s := &site{binary: binary, data: data, url: node.URL(primary, standby)}
	began := time.Now()
	c, err := enter(ctx, s)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	reader := &reader{load: c.load}
	for range times {
		if err := c.atAnyMoment(ctx); err != nil {
			return o, err
		}
		primary.Kill()
		o.faults["primary killed"]++
		stop := reader.begin(ctx)
		if err := reader.readsWithout(ctx); err != nil {
			return o, errors.Join(err, stop())
		}
		if err := errors.Join(standby.Promote(ctx), primary.Follow(ctx, standby), primary.Start(ctx)); err != nil {
			return o, errors.Join(err, stop())
		}
		primary, standby = standby, primary
		if err := errors.Join(c.progress(ctx), stop()); err != nil {
			return o, err
		}
		if err := c.check(ctx, primary.URL()); err != nil {
			return o, fmt.Errorf("after %v: %w", o.faults, err)
		}
		tell("promotion", o.faults, c)
	}
	c.end()
	err = c.check(ctx, primary.URL())
	o.tally, o.took = c.tally, time.Since(began)
	o.asked, o.unreadable = int(reader.asked.Load()), int(reader.failed.Load())
	return o, err
}

// reader reads a page again and again while the database changes its place.
type reader struct {
	*load
	asked, failed atomic.Int64
	// plain counts pages that said that nothing can be saved just now.
	plain atomic.Int64
}

// begin reads until stop.
func (r *reader) begin(ctx context.Context) (stop func() error) {
	reading, end := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		for reading.Err() == nil {
			r.read(reading)
			time.Sleep(50 * time.Millisecond)
		}
	})
	return func() error { end(); all.Wait(); return nil }
}

// readOnlyWords are on each page while there is no primary.
var readOnlyWords = []byte("Read only for the moment")

func (r *reader) read(ctx context.Context) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.address("/candidates"), nil)
	if err != nil {
		return
	}
	req.AddCookie(r.cookies[r.hr])
	answer, err := http.DefaultClient.Do(req)
	if err == nil {
		defer answer.Body.Close()
	}
	var page []byte
	if err == nil {
		page, err = io.ReadAll(answer.Body)
	}
	if ctx.Err() != nil {
		return
	}
	r.asked.Add(1)
	switch {
	case err != nil || answer.StatusCode != http.StatusOK:
		r.failed.Add(1)
		fmt.Fprintln(os.Stderr, "a page did not read:", err)
	case bytes.Contains(page, readOnlyWords):
		r.plain.Add(1)
	}
}

// readsWithout waits until pages read and say that nothing can be saved: there is no primary, and the server knows.
func (r *reader) readsWithout(ctx context.Context) error {
	from := r.plain.Load()
	for deadline := time.Now().Add(30 * time.Second); r.plain.Load() < from+3; time.Sleep(10 * time.Millisecond) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no page reads without a primary; the server wrote:\n%s", tail(r.data+"/server.log"))
		}
	}
	return nil
}
