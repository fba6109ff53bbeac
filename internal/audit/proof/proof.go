// Package proof holds what makes the audit log provable, without a database: the bytes that stand for an entry, the tree
// over them (RFC 6962 hashing), signed checkpoints (C2SP tlog-checkpoint), and bundles that a stranger verifies offline.
package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Leaf is an entry of the log as it is sealed. Its JSON, with the fields in this order, is what is hashed.
type Leaf struct {
	ID          string            `json:"id"`
	At          time.Time         `json:"at"` // UTC, to the microsecond
	ActorKind   string            `json:"actor_kind"`
	ActorID     *string           `json:"actor_id"`
	ActorLabel  string            `json:"actor_label"`
	Action      string            `json:"action"`
	SubjectKind string            `json:"subject_kind"`
	SubjectID   string            `json:"subject_id"`
	PersonID    *string           `json:"person_id"`
	CaseID      *string           `json:"case_id"`
	Detail      any               `json:"detail"`
	Commitments map[string]string `json:"commitments"`
}

// Bytes are the canonical bytes of the leaf: JSON without spaces, objects with their keys in order, numbers as the
// database writes them.
func (l Leaf) Bytes() ([]byte, error) {
	l.At = l.At.UTC()
	return canonical(l)
}

// DetailOf reads the detail of an entry as the database has it.
func DetailOf(raw []byte) (any, error) {
	var detail any
	numbers := json.NewDecoder(bytes.NewReader(raw))
	numbers.UseNumber()
	err := numbers.Decode(&detail)
	return detail, err
}

// canonical is the one JSON of a value: what a struct's order and encoding/json's sorted maps make it.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Hash is the hash of a leaf with these bytes, as RFC 6962 §2.1 has it.
func Hash(leaf []byte) tlog.Hash { return tlog.RecordHash(leaf) }

// Tree adds leaves one after the other and knows the root over them, in memory that grows with the logarithm of their
// number. The zero value is the empty tree.
type Tree struct {
	size int64
	// peaks are the roots of the perfect subtrees, the largest first; the bits of size say how large they are.
	peaks []tlog.Hash
}

// Add appends a leaf by its hash.
func (t *Tree) Add(h tlog.Hash) {
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.peaks) - 1
		h, t.peaks = tlog.NodeHash(t.peaks[last], h), t.peaks[:last]
	}
	t.peaks = append(t.peaks, h)
	t.size++
}

// Size is the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Root is the Merkle tree hash of all leaves.
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		root, _ := tlog.TreeHash(0, nil) // of nothing, which reads nothing
		return root
	}
	root := t.peaks[len(t.peaks)-1]
	for i := len(t.peaks) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.peaks[i], root)
	}
	return root
}
