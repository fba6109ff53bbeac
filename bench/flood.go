package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// stream is what the generator of an open loop is to do: requests leave at their times, whether or not earlier ones
// have been answered, as they do from people who know nothing of one another.
type stream struct {
	order
	PerSecond float64
}

// flooded is what came of it; times in milliseconds.
type flooded struct {
	Sent, Served, Refused, Errors int
	PerSecond                     float64 // sent
	Tail                          float64 // p99 of what was served
	RefusedMiddle, RefusedTail    float64 // p50 and p99 until a refusal
	Windows                       []window
	Sample                        string
}

// window is half a second of it.
type window struct {
	Tail    float64
	Refused int
}

const windowSize = 500 * time.Millisecond

// served is one answer.
type served struct {
	at, took time.Duration // since the beginning
	refused  bool
}

// floodChild reads a stream and sends it.
func floodChild(ctx context.Context, _ []string) error {
	var s stream
	if err := json.NewDecoder(os.Stdin).Decode(&s); err != nil {
		return err
	}
	requests := requestsTo(s.order)
	var next atomic.Int64
	var mu sync.Mutex
	var all []served
	var f flooded
	began := time.Now()
	var wait sync.WaitGroup
	for n := range s.Connections {
		wait.Go(func() {
			own, errs := send(ctx, s, requests, &next, began, uint64(n))
			mu.Lock()
			defer mu.Unlock()
			all = append(all, own...)
			if f.Errors += len(errs); len(errs) > 0 {
				f.Sample = errs[0].Error()
			}
		})
	}
	wait.Wait()
	f.PerSecond = float64(len(all)) / time.Since(began).Seconds()
	f.sum(all)
	return json.NewEncoder(os.Stdout).Encode(f)
}

func (f *flooded) sum(all []served) {
	var good, bad []time.Duration
	inWindow := map[int][]time.Duration{}
	last := 0
	f.Sent = len(all)
	for _, a := range all {
		last = max(last, int(a.at/windowSize))
	}
	f.Windows = make([]window, last+1)
	for _, a := range all {
		n := int(a.at / windowSize)
		if a.refused {
			bad = append(bad, a.took)
			f.Windows[n].Refused++
			continue
		}
		good = append(good, a.took)
		inWindow[n] = append(inWindow[n], a.took)
	}
	for n := range f.Windows {
		slices.Sort(inWindow[n])
		f.Windows[n].Tail = at(inWindow[n], 99)
	}
	slices.Sort(good)
	slices.Sort(bad)
	f.Served, f.Refused = len(good), len(bad)
	f.Tail, f.RefusedMiddle, f.RefusedTail = at(good, 99), at(bad, 50), at(bad, 99)
}

// send takes the next request of the stream whenever its connection is free, at the earliest at the request's time.
func send(ctx context.Context, s stream, requests [][]byte, next *atomic.Int64, began time.Time, n uint64) (all []served, errs []error) {
	random := rand.New(rand.NewPCG(n, uint64(began.UnixNano())))
	var conn net.Conn
	var in *bufio.Reader
	defer func() {
		if conn != nil {
			conn.Close()
		}
	}()
	for ctx.Err() == nil {
		due := time.Duration(float64(next.Add(1)) / s.PerSecond * float64(time.Second))
		if due > s.For {
			return all, errs
		}
		time.Sleep(time.Until(began.Add(due)))
		if conn == nil {
			var err error
			if conn, err = net.Dial("tcp", s.Address); err != nil {
				conn, errs = nil, append(errs, err)
				continue
			}
			in = bufio.NewReaderSize(conn, 16<<10)
		}
		sent := time.Now()
		status, err := exchange(conn, in, requests[random.IntN(len(requests))])
		switch {
		case err == nil && status == "200":
			all = append(all, served{at: sent.Sub(began), took: time.Since(sent)})
			continue
		case err == nil && (status == "503" || status == "429"):
			all = append(all, served{at: sent.Sub(began), took: time.Since(sent), refused: true})
			continue
		case err == nil:
			err = errors.New("answer " + status)
		}
		conn.Close()
		conn, errs = nil, append(errs, err)
	}
	return all, errs
}

func exchange(conn net.Conn, in *bufio.Reader, request []byte) (status string, err error) {
	if _, err := conn.Write(request); err != nil {
		return "", err
	}
	return answer(in)
}

// flood runs the generator of an open loop on the targets.
func (in *installation) flood(ctx context.Context, targets []target, connections int, perSecond float64, d time.Duration) (f flooded, err error) {
	err = child(ctx, "-flood", stream{order{strings.TrimPrefix(in.base, "http://"), targets, connections, d}, perSecond}, &f)
	if err == nil && f.Errors > 0 {
		err = fmt.Errorf("%d requests were neither served nor refused (%s)", f.Errors, f.Sample)
	}
	return f, err
}

// What overload means here: ten times what one closed loop gets through, compared with four fifths of that, which is as
// much as anybody should plan for.
const (
	overloadFactor = 10
	normalShare    = 0.8
	floodConns     = 512
	normalConns    = 64
)

// overload measures how the server fares when far more is asked of it than it can do.
func (b *bench) overload(ctx context.Context) error {
	of, err := b.large.aims(ctx)
	if err != nil {
		return err
	}
	targets := append(slices.Clone(of["list"]), of["candidate"]...)
	if _, err := b.large.load(ctx, targets, b.connections, b.warm); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	var tails, served, slower, sent, peaks, back []float64
	var refusals, calming flooded
	for range b.rounds {
		most, err := b.large.load(ctx, targets, b.connections, b.measure)
		if err != nil {
			return fmt.Errorf("capacity: %w", err)
		}
		normal, err := b.large.flood(ctx, targets, normalConns, normalShare*most.PerSecond, b.measure)
		if err != nil {
			return fmt.Errorf("normal load: %w", err)
		}
		stop, peak := b.large.watchMemory()
		flood, err := b.large.flood(ctx, targets, floodConns, overloadFactor*most.PerSecond, 2*b.measure)
		stop()
		if err != nil {
			return fmt.Errorf("overload: %w", err)
		}
		after, err := b.large.flood(ctx, targets, normalConns, normalShare*most.PerSecond, recoverIn+b.measure)
		if err != nil {
			return fmt.Errorf("after the overload: %w", err)
		}
		tails, slower = append(tails, normal.Tail), append(slower, flood.Tail/normal.Tail)
		served = append(served, 100*float64(flood.Served)/(2*b.measure).Seconds()/most.PerSecond)
		sent, peaks = append(sent, flood.PerSecond/most.PerSecond), append(peaks, float64(peak())/(1<<20))
		back = append(back, recovered(after, 3*normal.Tail).Seconds())
		refusals, calming = flood, after
	}
	b.rows = append(b.rows,
		row{what: "overload, p99 of what is served", measured: median(slower), bar: 3, unit: "x", atMost: true,
			detail: fmt.Sprintf("of %.1f ms; sent %.1f times the capacity", median(tails), median(sent))},
		row{what: "overload, p99 until a refusal", measured: refusals.RefusedTail, bar: 100, unit: "ms", atMost: true,
			detail: fmt.Sprintf("p50 %.1f ms, %d refused, %d served", refusals.RefusedMiddle, refusals.Refused, refusals.Served)},
		row{what: "overload, served of the capacity", measured: median(served), unit: "%", only: true,
			detail: "the load itself takes from the same processors"},
		row{what: "overload, server memory", measured: slices.Max(peaks), bar: 150, unit: "MB", atMost: true},
		row{what: "overload, back to normal", measured: median(back), bar: recoverIn.Seconds(), unit: "s", atMost: true,
			detail: fmt.Sprintf("afterwards p99 %.1f ms, %d of %d refused", calming.Tail, calming.Refused, calming.Sent)})
	return nil
}

// recoverIn is how soon after an overload everything must be as before.
const recoverIn = 5 * time.Second

// recovered is when the first second began in which nobody was refused and the slowest took no longer than bearable.
func recovered(after flooded, bearable float64) time.Duration {
	calm := func(w window) bool { return w.Refused == 0 && w.Tail <= bearable }
	for n := range len(after.Windows) - 1 {
		if calm(after.Windows[n]) && calm(after.Windows[n+1]) {
			return time.Duration(n) * windowSize
		}
	}
	return time.Duration(len(after.Windows)) * windowSize
}

// watchMemory samples the memory of the server until stop; peak is the most that it was, in bytes.
func (in *installation) watchMemory() (stop func(), peak func() int64) {
	var most int64
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			if now, err := in.resident(); err == nil {
				most = max(most, now)
			}
			select {
			case <-end:
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(end); <-ended }, func() int64 { return most }
}
