package audit

import (
	"bytes"
	"strings"
	"testing"

	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

func (w sealing) writeAbout(subject string) {
	w.Helper()
	err := w.d.Write(w.Context(), authz.System("test"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "evidence.viewed", SubjectKind: "evidence", SubjectID: subject})
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// receipt is what the log proves about a subject, and what of the log's growth since some checkpoint.
func (w sealing) receipt(subject string) []byte {
	w.Helper()
	var out bytes.Buffer
	if err := w.s.Receipt(w.Context(), authz.System("test"), "evidence", subject, &out); err != nil {
		w.Fatal(err)
	}
	return out.Bytes()
}

func TestAReceiptProvesItsEntriesAndNoOthers(t *testing.T) {
	w := newSealing(t)
	w.write(5)
	w.writeAbout("a")
	w.seal()
	w.write(12)
	w.writeAbout("b")
	w.writeAbout("a")
	w.seal()
	receipt := w.receipt("a")
	if !proof.IsReceipt(receipt) {
		t.Errorf("it begins with %.40s", receipt)
	}
	got, err := proof.VerifyReceipt(bytes.NewReader(receipt), w.s.Key())
	if err != nil || got.Size != 20 || len(got.Entries) != 2 || got.Entries[0].SubjectID != "a" || got.Entries[1].Action != "evidence.viewed" {
		t.Fatalf("the receipt proves %+v, error %v", got, err)
	}
	if err := w.s.Receipt(t.Context(), authz.System("test"), "evidence", "c", &bytes.Buffer{}); err == nil {
		t.Error("a receipt about what nothing is known of")
	}
	for i := range receipt {
		changed := bytes.Clone(receipt)
		changed[i] ^= 1
		if got, err := proof.VerifyReceipt(bytes.NewReader(changed), w.s.Key()); err == nil {
			t.Errorf("byte %d of %d changed (%.20s): it proves %+v", i, len(receipt), changed[max(0, i-10):], got)
		}
	}
	for cut := range bytes.Count(receipt, []byte("\n")) {
		lines := bytes.SplitAfterN(receipt, []byte("\n"), cut+2)
		if _, err := proof.VerifyReceipt(bytes.NewReader(bytes.Join(lines[:cut], nil)), w.s.Key()); err == nil {
			t.Errorf("cut off after %d lines, and it holds", cut)
		}
	}
	_, others := proof.Keys("gatehouse-test", bytes.Repeat([]byte{8}, 32))
	if _, err := proof.VerifyReceipt(bytes.NewReader(receipt), others); err == nil {
		t.Error("it holds under another key")
	}
}

func TestGrowthIsProvedWithoutTheEntries(t *testing.T) {
	w := newSealing(t)
	var kept []string
	for range 3 {
		w.write(7)
		w.seal()
		signed, err := w.s.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, signed)
	}
	var out bytes.Buffer
	if err := w.s.Growth(t.Context(), kept[:2], &out); err != nil {
		t.Fatal(err)
	}
	got, err := proof.VerifyReceipt(bytes.NewReader(out.Bytes()), w.s.Key(), kept...)
	if err != nil || got.Kept != 3 || len(got.Grew) != 2 || got.Grew[1] != 14 {
		t.Errorf("the receipt proves %+v, error %v", got, err)
	}
	for i := range out.Len() {
		changed := bytes.Clone(out.Bytes())
		changed[i] ^= 1
		if _, err := proof.VerifyReceipt(bytes.NewReader(changed), w.s.Key(), kept...); err == nil {
			t.Errorf("byte %d changed, and it holds", i)
		}
	}
	out.Reset()
	if err := w.s.Growth(t.Context(), kept[1:2], &out); err != nil {
		t.Fatal(err)
	}
	if _, err := proof.VerifyReceipt(&out, w.s.Key(), kept[0]); err == nil || !strings.Contains(err.Error(), "kept") {
		t.Errorf("it says nothing of what was kept, and holds: %v", err)
	}
	if err := w.s.Growth(t.Context(), []string{strings.Replace(kept[0], "7", "8", 1)}, &out); err == nil {
		t.Error("a checkpoint that was changed is proved")
	}
}
