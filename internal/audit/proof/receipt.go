package proof

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A receipt proves that a few entries are in the log, or that the log grew from what somebody kept, without the rest of it: JSON,
// one record to a line. First what it is, then a checkpoint, then how the log grew to it and entries with the hashes beside their
// way to its root (RFC 6962 §2.1.1 and §2.1.2), at last how many of both there were.

// receiptFormat names this form of receipts.
const receiptFormat = "gatehouse-receipt-1"

type receiptHeader struct {
	Receipt string `json:"receipt"`
	Origin  string `json:"origin"`
}

// receiptRecord is any other line; one of the fields is there.
type receiptRecord struct {
	Checkpoint string  `json:"checkpoint,omitempty"`
	Grown      *grown  `json:"grown,omitempty"`
	Entry      *proved `json:"entry,omitempty"`
	End        *int    `json:"end,omitempty"`
}

type grown struct {
	From   string   `json:"from"` // the signed note of the earlier checkpoint
	Hashes []string `json:"hashes"`
}

type proved struct {
	Index  int64           `json:"index"`
	Leaf   json.RawMessage `json:"leaf"`
	Hashes []string        `json:"hashes"`
}

// ReceiptWriter writes a receipt.
type ReceiptWriter struct {
	out  *bufio.Writer
	told int
}

// NewReceipt begins a receipt under the signed note of a checkpoint of the log with that origin.
func NewReceipt(w io.Writer, origin, checkpoint string) (*ReceiptWriter, error) {
	r := &ReceiptWriter{out: bufio.NewWriter(w)}
	return r, errors.Join(r.line(receiptHeader{receiptFormat, origin}), r.line(receiptRecord{Checkpoint: checkpoint}))
}

func (r *ReceiptWriter) line(v any) error {
	line, err := canonical(v)
	if err != nil {
		return err
	}
	_, err = r.out.Write(append(line, '\n'))
	return err
}

// Entry appends an entry by its canonical bytes, its place, and the proof that it is in the tree.
func (r *ReceiptWriter) Entry(leaf []byte, index int64, p tlog.RecordProof) error {
	r.told++
	return r.line(receiptRecord{Entry: &proved{index, leaf, inHex(p)}})
}

// Grown appends the proof that the tree grew from an earlier checkpoint, given by its signed note.
func (r *ReceiptWriter) Grown(from string, p tlog.TreeProof) error {
	r.told++
	return r.line(receiptRecord{Grown: &grown{from, inHex(p)}})
}

// Close ends the receipt.
func (r *ReceiptWriter) Close() error {
	return errors.Join(r.line(receiptRecord{End: &r.told}), r.out.Flush())
}

func inHex(hashes []tlog.Hash) []string {
	all := make([]string, len(hashes))
	for i, h := range hashes {
		all[i] = hex.EncodeToString(h[:])
	}
	return all
}

func fromHex(all []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(all))
	for i, text := range all {
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, errors.New("a hash of it cannot be read")
		}
		hashes[i] = tlog.Hash(raw)
	}
	return hashes, nil
}

// ReceiptReport is what a receipt proves.
type ReceiptReport struct {
	Origin string
	// Size is how many entries stand under the receipt's checkpoint.
	Size int64
	// Entries are the entries that are among them.
	Entries []Leaf
	// Grew are the sizes that the log is shown to have grown from; Kept is how many of the checkpoints that somebody kept are among
	// them or are the receipt's own.
	Grew []int64
	Kept int
}

// IsReceipt reports whether a file is a receipt, by how it begins.
func IsReceipt(start []byte) bool { return bytes.HasPrefix(start, []byte(`{"receipt":`)) }

// VerifyReceipt reads a receipt to its end and returns what it proves, or a *Bad that says what does not hold. key is the text that
// Keys returned, got by another way than the receipt. kept are signed checkpoints that somebody kept: the receipt must show that the log grew
// from each.
func VerifyReceipt(r io.Reader, key string, kept ...string) (ReceiptReport, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return ReceiptReport{}, notKey()
	}
	v := &receipt{key: verifier, shown: map[string]bool{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longest)
	for n := 0; lines.Scan(); n++ {
		if err := v.take(n, lines.Bytes()); err != nil {
			return ReceiptReport{}, err
		}
	}
	switch {
	case lines.Err() != nil:
		return ReceiptReport{}, lines.Err()
	case !v.ended:
		return ReceiptReport{}, &Bad{-1, "", "the receipt is cut off"}
	}
	for _, signed := range kept {
		if !v.shown[signed] {
			return ReceiptReport{}, &Bad{-1, "", "the receipt does not show that the log grew from a checkpoint that was kept"}
		}
		v.report.Kept++
	}
	return v.report, nil
}

// receipt is a verification under way.
type receipt struct {
	key    note.Verifier
	at     *Checkpoint // what the receipt is under
	report ReceiptReport
	shown  map[string]bool // signed notes that the log is shown to have grown from
	told   int
	ended  bool
}

func (v *receipt) take(n int, line []byte) error {
	bad := func(err error) error { return &Bad{-1, "", fmt.Sprintf("line %d: %v", n+1, err)} }
	if n == 0 {
		var head receiptHeader
		if err := strictly(line, &head); err != nil || head.Receipt != receiptFormat {
			return &Bad{-1, "", "this is no receipt of an audit log"}
		}
		v.report.Origin = head.Origin
		return nil
	}
	var rec receiptRecord
	if err := strictly(line, &rec); err != nil {
		return bad(err)
	}
	var err error
	switch {
	case v.ended:
		err = errors.New("there is more behind the end")
	case n == 1 && rec.Checkpoint != "":
		err = v.checkpoint(rec.Checkpoint)
	case v.at == nil:
		err = errors.New("there is no checkpoint")
	case rec.Grown != nil:
		v.told++
		err = v.grew(*rec.Grown)
	case rec.Entry != nil:
		v.told++
		return v.entry(*rec.Entry)
	case rec.End != nil && *rec.End == v.told:
		v.ended = true
	default:
		err = errors.New("it belongs to no receipt, or something is missing before it")
	}
	if err != nil {
		return bad(err)
	}
	return nil
}

func (v *receipt) checkpoint(signed string) error {
	c, err := Open(signed, v.key)
	if err != nil {
		return err
	}
	if c.Origin != v.report.Origin {
		return fmt.Errorf("the checkpoint is of another log, %q", c.Origin)
	}
	v.at, v.report.Size, v.shown[signed] = &c, c.Size, true
	return nil
}

func (v *receipt) grew(g grown) error {
	from, err := Open(g.From, v.key)
	if err != nil {
		return err
	}
	hashes, err := fromHex(g.Hashes)
	if err != nil {
		return err
	}
	if from.Origin != v.report.Origin || tlog.CheckTree(hashes, v.at.Size, v.at.Root, from.Size, from.Root) != nil {
		return fmt.Errorf("the log of %d entries did not grow from that of %d", v.at.Size, from.Size)
	}
	v.report.Grew, v.shown[g.From] = append(v.report.Grew, from.Size), true
	return nil
}

func (v *receipt) entry(p proved) error {
	var leaf Leaf
	hashes, err := fromHex(p.Hashes)
	if err == nil {
		err = json.Unmarshal(p.Leaf, &leaf)
	}
	switch {
	case err != nil:
		return &Bad{p.Index, "", "the entry cannot be read"}
	case tlog.CheckRecord(hashes, v.at.Size, v.at.Root, p.Index, Hash(p.Leaf)) != nil:
		return &Bad{p.Index, leaf.ID, "it is not what was sealed"}
	}
	v.report.Entries = append(v.report.Entries, leaf)
	return nil
}
