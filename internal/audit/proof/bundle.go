package proof

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A bundle is a log to take along: JSON, one record to a line. First what it is, then the leaves in their order, each
// followed by the checkpoints of that size, at last how many leaves there were.

// format names this form of bundles.
const format = "gatehouse-audit-1"

// header is the first line.
type header struct {
	Bundle string `json:"bundle"`
	Origin string `json:"origin"`
}

// record is any other line; one of the fields is there.
type record struct {
	Leaf       *leafRecord `json:"leaf,omitempty"`
	Checkpoint string      `json:"checkpoint,omitempty"`
	End        *int64      `json:"end,omitempty"`
}

type leafRecord struct {
	Index  int64           `json:"index"`
	Hash   string          `json:"hash"` // hexadecimal
	Entry  json.RawMessage `json:"entry"`
	Values []Value         `json:"values"`
}

// Value is what lies beside an entry: the entry holds only the commitment to it. Erased values are not there.
type Value struct {
	Field string  `json:"field"`
	Salt  string  `json:"salt"` // hexadecimal
	Old   *string `json:"old"`
	New   *string `json:"new"`
}

// Writer writes a bundle.
type Writer struct {
	out  *bufio.Writer
	size int64
}

// NewWriter begins a bundle of the log with that origin.
func NewWriter(w io.Writer, origin string) (*Writer, error) {
	b := &Writer{out: bufio.NewWriter(w)}
	return b, b.line(header{format, origin})
}

func (b *Writer) line(v any) error {
	line, err := canonical(v)
	if err != nil {
		return err
	}
	_, err = b.out.Write(append(line, '\n'))
	return err
}

// Leaf appends an entry by its canonical bytes and the hash that the log has of it.
func (b *Writer) Leaf(entry []byte, hash tlog.Hash, values []Value) error {
	b.size++
	if values == nil {
		values = []Value{}
	}
	return b.line(record{Leaf: &leafRecord{b.size - 1, hex.EncodeToString(hash[:]), entry, values}})
}

// Checkpoint appends the signed note of a checkpoint of the leaves so far.
func (b *Writer) Checkpoint(signed string) error { return b.line(record{Checkpoint: signed}) }

// Close ends the bundle.
func (b *Writer) Close() error {
	return errors.Join(b.line(record{End: &b.size}), b.out.Flush())
}

// Report is what a bundle proves.
type Report struct {
	Origin string
	// Entries is how many entries stand under a checkpoint, Unsealed how many came after the last one.
	Entries, Unsealed int64
	Checkpoints       int
	// Kept is how many checkpoints that somebody kept the log grew from.
	Kept int
	// Values is how many values lead to their commitments, Erased how many are no longer there.
	Values, Erased int
}

// Bad is the first thing in a bundle that does not hold.
type Bad struct {
	Index int64  // of the entry, from 0; -1 when it is none
	Entry string // its id, where that can be read
	Why   string
}

func (b *Bad) Error() string {
	switch {
	case b.Index < 0:
		return b.Why
	case b.Entry == "":
		return fmt.Sprintf("entry %d: %s", b.Index, b.Why)
	}
	return fmt.Sprintf("entry %d (%s): %s", b.Index, b.Entry, b.Why)
}

// longest is the longest line of a bundle: an entry with its values.
const longest = 16 << 20

// Verify reads a bundle to its end and returns what it proves, or a *Bad that names the first thing that does not hold.
// key is the text that Keys returned, got by another way than the bundle. kept are signed checkpoints of the same log that
// somebody kept since they were made: the log must be one that grew from what they stand for.
func Verify(r io.Reader, key string, kept ...string) (Report, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Report{}, notKey()
	}
	v := verification{key: verifier}
	if v.kept, err = openKept(kept, verifier); err != nil {
		return Report{}, err
	}
	switch err := examineAll(r, v.take); {
	case err != nil:
		return v.report, err
	case v.ended == nil:
		return v.report, &Bad{-1, "", "the bundle breaks off"}
	case v.report.Checkpoints == 0:
		return v.report, &Bad{-1, "", "there is no checkpoint"}
	case len(v.kept) > 0:
		return v.report, &Bad{-1, "", fmt.Sprintf("a checkpoint that was kept is of %d entries, and the log has %d: either the bundle was exported before, or entries are missing", v.kept[0].Size, v.tree.Size())}
	}
	return v.report, nil
}

// openKept reads checkpoints that somebody kept, the smallest first.
func openKept(kept []string, key note.Verifier) ([]Checkpoint, error) {
	all := make([]Checkpoint, len(kept))
	for i, signed := range kept {
		var err error
		if all[i], err = Open(signed, key); err != nil {
			return nil, fmt.Errorf("a checkpoint that was kept: %w", err)
		}
	}
	slices.SortFunc(all, func(a, b Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	return all, nil
}

type verification struct {
	key    note.Verifier
	kept   []Checkpoint // still to come, the smallest first
	tree   Tree
	begun  bool
	ended  *int64
	sealed int64 // size of the last checkpoint
	report Report
}

// take checks a line against those before it. It must be, byte for byte, what a Writer writes: then no byte can be changed
// unseen.
func (v *verification) take(l examined) error {
	if v.ended != nil {
		return &Bad{-1, "", "something follows the end of the bundle"}
	}
	if !v.begun {
		var h header
		if err := strictly(l.line, &h); err != nil || h.Bundle != format {
			return &Bad{-1, "", "this is no bundle of an audit log"}
		}
		if h.Origin != v.key.Name() {
			return &Bad{-1, "", fmt.Sprintf("this is a bundle of %q, and the key is of %q", h.Origin, v.key.Name())}
		}
		v.begun, v.report.Origin = true, h.Origin
		return nil
	}
	if l.err != nil {
		return &Bad{v.tree.Size(), "", "the line is not what a bundle has: " + l.err.Error()}
	}
	switch {
	case l.Leaf != nil:
		return v.leaf(l)
	case l.Checkpoint != "":
		return v.checkpoint(l.Checkpoint)
	case l.End != nil:
		if *l.End != v.tree.Size() {
			return &Bad{-1, "", fmt.Sprintf("%d entries are in the bundle, which says %d", v.tree.Size(), *l.End)}
		}
		v.ended, v.report.Unsealed = l.End, v.tree.Size()-v.sealed
		return nil
	}
	return &Bad{v.tree.Size(), "", "the line says nothing"}
}

// strictly decodes a line and makes sure that it is the one way to write what it says, which leaves no room for fields that
// are not known, or for more behind it.
func strictly(line []byte, into any) error {
	if err := json.Unmarshal(line, into); err != nil {
		return errors.New("it cannot be read")
	}
	again, err := written(into)
	if err != nil || !bytes.Equal(again, line) {
		return errors.New("it is written in another way")
	}
	return nil
}

// written is the one way to write a line. A leaf's is put together by hand: there are millions of them, and their entries
// are taken as they are, since the hash is over their very bytes.
func written(v any) ([]byte, error) {
	rec, ok := v.(*record)
	if !ok || rec.Leaf == nil || rec.Checkpoint != "" || rec.End != nil {
		return canonical(v)
	}
	values, err := canonical(rec.Leaf.Values)
	if err != nil || rec.Leaf.Values == nil {
		return nil, errors.New("no values")
	}
	line := make([]byte, 0, len(rec.Leaf.Entry)+len(values)+160)
	line = append(strconv.AppendInt(append(line, `{"leaf":{"index":`...), rec.Leaf.Index, 10), `,"hash":"`...)
	line = append(append(line, rec.Leaf.Hash...), `","entry":`...)
	line = append(append(line, rec.Leaf.Entry...), `,"values":`...)
	return append(append(line, values...), "}}"...), nil
}

// sealed is what is read of an entry: what it commits to.
type sealed struct {
	ID          string            `json:"id"`
	Commitments map[string]string `json:"commitments"`
}

func (v *verification) leaf(l examined) error {
	bad := func(why string) error { return &Bad{v.tree.Size(), l.entry.ID, why} }
	switch {
	case l.unreadable:
		return bad("the entry cannot be read")
	case l.Leaf.Index != v.tree.Size():
		return bad(fmt.Sprintf("it says that it is number %d", l.Leaf.Index))
	case l.why != "":
		return bad(l.why)
	}
	v.report.Values += l.values
	v.report.Erased += len(l.entry.Commitments) - l.values
	v.tree.Add(l.hash)
	return v.grown()
}

// grown checks what was kept of the log when it had as many entries as now.
func (v *verification) grown() error {
	for len(v.kept) > 0 && v.kept[0].Size <= v.tree.Size() {
		if c := v.kept[0]; c.Size == v.tree.Size() && c.Root != v.tree.Root() {
			return &Bad{-1, "", fmt.Sprintf("the first %d entries are others than those of a checkpoint that was kept", c.Size)}
		}
		v.report.Kept++
		v.kept = v.kept[1:]
	}
	return nil
}

func (v *verification) checkpoint(signed string) error {
	c, err := Open(signed, v.key)
	switch {
	case err != nil:
		return &Bad{-1, "", fmt.Sprintf("after %d entries: %v", v.tree.Size(), err)}
	case c.Origin != v.report.Origin:
		return &Bad{-1, "", fmt.Sprintf("after %d entries: the checkpoint is of another log, %q", v.tree.Size(), c.Origin)}
	case c.Size != v.tree.Size():
		return &Bad{-1, "", fmt.Sprintf("after %d entries: the checkpoint is of %d", v.tree.Size(), c.Size)}
	case c.Root != v.tree.Root():
		return &Bad{v.sealed, "", fmt.Sprintf("this entry or one of those up to number %d was changed, with its hash, after the checkpoint of %d entries was signed",
			c.Size-1, c.Size)}
	}
	v.sealed, v.report.Entries = c.Size, c.Size
	v.report.Checkpoints++
	return nil
}
