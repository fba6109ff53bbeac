package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// order is what the load generator is to do.
type order struct {
	Address     string
	Targets     []target
	Connections int
	For         time.Duration
}

// target is one page as one person asks for it.
type target struct{ Path, Cookie string }

// result is what came of it; times in milliseconds.
type result struct {
	Requests, Errors int
	PerSecond        float64
	P50, P95, P99    float64
	Sample           string // of an answer that was an error
}

// loadChild reads an order and loads the server: a closed loop over kept connections. It speaks HTTP/1.1 by hand,
// since a client that allocates and parses takes the very processor time that is being measured.
func loadChild(ctx context.Context, _ []string) error {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return err
	}
	requests := requestsTo(o)
	ctx, cancel := context.WithTimeout(ctx, o.For)
	defer cancel()
	var mu sync.Mutex
	var all result
	var times []time.Duration
	var wait sync.WaitGroup
	began := time.Now()
	for n := range o.Connections {
		wait.Go(func() {
			own, took := hammer(ctx, o.Address, requests, uint64(n))
			mu.Lock()
			defer mu.Unlock()
			all.Requests += own.Requests
			all.Errors += own.Errors
			if own.Sample != "" {
				all.Sample = own.Sample
			}
			times = append(times, took...)
		})
	}
	wait.Wait()
	all.PerSecond = float64(all.Requests) / time.Since(began).Seconds()
	slices.Sort(times)
	all.P50, all.P95, all.P99 = at(times, 50), at(times, 95), at(times, 99)
	return json.NewEncoder(os.Stdout).Encode(all)
}

// requestsTo are the requests to the targets of an order as they go over the wire.
func requestsTo(o order) [][]byte {
	requests := make([][]byte, len(o.Targets))
	for i, t := range o.Targets {
		requests[i] = fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", t.Path, o.Address, t.Cookie)
	}
	return requests
}

// at is the percentile of sorted times, in milliseconds.
func at(times []time.Duration, percent int) float64 {
	if len(times) == 0 {
		return 0
	}
	return float64(times[min(len(times)*percent/100, len(times)-1)]) / float64(time.Millisecond)
}

// hammer sends one request after the other on one connection until ctx ends.
func hammer(ctx context.Context, address string, requests [][]byte, n uint64) (r result, times []time.Duration) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return result{Errors: 1, Sample: err.Error()}, nil
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 64<<10)
	random := rand.New(rand.NewPCG(n, uint64(time.Now().UnixNano())))
	for ctx.Err() == nil {
		began := time.Now()
		if _, err := conn.Write(requests[random.IntN(len(requests))]); err != nil {
			r.Errors, r.Sample = r.Errors+1, err.Error()
			return r, times
		}
		status, err := answer(in)
		if err != nil {
			r.Errors, r.Sample = r.Errors+1, err.Error()
			return r, times
		}
		r.Requests++
		if status != "200" {
			r.Errors, r.Sample = r.Errors+1, status
		}
		times = append(times, time.Since(began))
	}
	return r, times
}

// answer reads one answer and drops its body.
func answer(in *bufio.Reader) (status string, err error) {
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return status, err
		}
		switch {
		case status == "" && len(line) > 12:
			status = string(line[9:12])
		case len(line) == 2:
			if length < 0 {
				return status, fmt.Errorf("an answer %s without its length", status)
			}
			_, err := in.Discard(length)
			return status, err
		case len(line) > 16 && bytes.EqualFold(line[:15], []byte("content-length:")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[15:]))); err != nil {
				return status, err
			}
		}
	}
}
