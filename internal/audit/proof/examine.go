package proof

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/platform/db"
)

// examined is a line with what can be said of it alone, whatever the lines before it are: nearly all of the work, so that
// several lines are examined at a time.
type examined struct {
	record
	line []byte
	err  error // the line is none of a bundle's

	// Of a leaf:
	entry      sealed
	unreadable bool
	hash       tlog.Hash
	values     int    // that lead to their commitments
	why        string // it does not hold, empty when it does
}

func examine(line []byte) examined {
	e := examined{line: line}
	if leaf, ok := plainLeaf(line); ok {
		e.Leaf = leaf
	} else if e.err = strictly(line, &e.record); e.err != nil || e.Leaf == nil {
		return e
	}
	if err := json.Unmarshal(e.Leaf.Entry, &e.entry); err != nil {
		e.unreadable = true
		return e
	}
	e.hash = Hash(e.Leaf.Entry)
	if hex.EncodeToString(e.hash[:]) != e.Leaf.Hash {
		e.why = "it is not what was sealed"
		return e
	}
	e.values, e.why = committed(e.entry, e.Leaf.Values)
	return e
}

// plainLeaf reads the line of a leaf without values, of which there are millions, by its very bytes: what is not written so is not
// taken. It is the same as strictly.
func plainLeaf(line []byte) (*leafRecord, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"leaf":{"index":`))
	if !ok {
		return nil, false
	}
	number, rest, ok := bytes.Cut(rest, []byte(`,"hash":"`))
	if !ok || len(rest) < 2*tlog.HashSize {
		return nil, false
	}
	index, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || strconv.FormatInt(index, 10) != string(number) {
		return nil, false
	}
	hash, rest := rest[:2*tlog.HashSize], rest[2*tlog.HashSize:]
	if len(bytes.Trim(hash, "0123456789abcdef")) > 0 {
		return nil, false
	}
	rest, ok = bytes.CutPrefix(rest, []byte(`","entry":`))
	if !ok {
		return nil, false
	}
	entry, ok := bytes.CutSuffix(rest, []byte(`,"values":[]}}`))
	if !ok || !bytes.HasPrefix(entry, []byte("{")) || !bytes.HasSuffix(entry, []byte("}")) || !json.Valid(entry) {
		return nil, false
	}
	return &leafRecord{Index: index, Hash: string(hash), Entry: entry, Values: []Value{}}, true
}

// committed works the commitment to each value out again; it says how many there are, and what does not hold.
func committed(leaf sealed, values []Value) (there int, why string) {
	seen := map[string]bool{}
	for _, value := range values {
		commitment, known := leaf.Commitments[value.Field]
		salt, err := hex.DecodeString(value.Salt)
		if err != nil || hex.EncodeToString(salt) != value.Salt || !known || seen[value.Field] {
			return 0, fmt.Sprintf("the value of %q is not one of the entry's", value.Field)
		}
		if hex.EncodeToString(db.Commitment(salt, db.Change{Field: value.Field, Old: value.Old, New: value.New})) != commitment {
			return 0, fmt.Sprintf("the value of %q is not what was written", value.Field)
		}
		seen[value.Field] = true
	}
	return len(seen), ""
}

// run is some lines in a row on their way through the workers.
type run struct {
	lines [][]byte
	found []examined
	done  chan struct{}
}

const (
	// runLines and runBytes bound a run, and with it the memory: some of them are under way at a time.
	runLines = 256
	runBytes = 1 << 20
)

// examineAll examines the lines of r on all processors and gives each to take, in their order, until take returns an error.
func examineAll(r io.Reader, take func(examined) error) error {
	workers := runtime.GOMAXPROCS(0)
	todo, order, stop := make(chan *run), make(chan *run, 2*workers), make(chan struct{})
	defer close(stop)
	for range workers {
		go func() {
			for some := range todo {
				for i, line := range some.lines {
					some.found[i] = examine(line)
				}
				close(some.done)
			}
		}()
	}
	var failed error // of reading; set before order is closed
	go func() {
		defer close(order)
		defer close(todo)
		failed = inRuns(r, func(some *run) bool {
			for _, to := range []chan *run{order, todo} {
				select {
				case to <- some:
				case <-stop:
					return false
				}
			}
			return true
		})
	}()
	for some := range order {
		<-some.done
		for _, line := range some.found {
			if err := take(line); err != nil {
				return err
			}
		}
	}
	return failed
}

// inRuns reads lines and gives them on in runs, until give reports false.
func inRuns(r io.Reader, give func(*run) bool) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), longest)
	lines.Split(byNewline)
	some, size := &run{done: make(chan struct{})}, 0
	flush := func() bool {
		some.found = make([]examined, len(some.lines))
		given := give(some)
		some, size = &run{done: make(chan struct{})}, 0
		return given
	}
	for lines.Scan() {
		some.lines = append(some.lines, append([]byte(nil), lines.Bytes()...))
		size += len(lines.Bytes())
		if (len(some.lines) == runLines || size >= runBytes) && !flush() {
			return nil
		}
	}
	if len(some.lines) > 0 && !flush() {
		return nil
	}
	return lines.Err()
}

// byNewline is bufio.ScanLines, but leaves a carriage return in the line, where it is a byte too many.
func byNewline(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
