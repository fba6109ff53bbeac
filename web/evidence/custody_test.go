package evidence_test

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/audit/proof"
	"gatehouse/internal/evidence/evidencetest"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// TestCustodyIsProvedOnItsPage: the page says who touched the item, when, from where and under which entry of the sealed log, and its
// receipt holds for whoever has only the log's key.
func TestCustodyIsProvedOnItsPage(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	hr := w.SignIn(w.User("Hanna Reyes", authz.HR))
	personID := newPerson(t, w)
	itemID := evidencetest.Note(t, w.Features.Evidence, authz.System("test"), string(personID))
	if got := hr.Post(path.EvidenceAct(itemID, "view"), nil); got.Status != http.StatusOK {
		t.Fatalf("view: status %d", got.Status)
	}
	if got := hr.Get(path.EvidenceAct(itemID, "receipt")); got.Status != http.StatusConflict {
		t.Errorf("a receipt before anything is sealed: status %d", got.Status)
	}
	if err := w.Features.Sealer.SealNow(t.Context()); err != nil {
		t.Fatal(err)
	}

	got := hr.Get(path.EvidenceAct(itemID, "custody"))
	for _, words := range []string{"Collected", "Viewed", "Hanna Reyes", "127.0.0.1", "of the sealed log", w.Features.Sealer.Key()[:20]} {
		if !strings.Contains(got.Body, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	receipt := hr.Get(path.EvidenceAct(itemID, "receipt"))
	report, err := proof.VerifyReceipt(strings.NewReader(receipt.Body), w.Features.Sealer.Key())
	if err != nil || len(report.Entries) < 2 || report.Entries[0].Action != "evidence.collected" {
		t.Errorf("the receipt proves %+v, error %v", report, err)
	}
	interviewer := w.SignIn(w.User("Ines Other", authz.Interviewer))
	for _, act := range []string{"custody", "receipt"} {
		if got := interviewer.Get(path.EvidenceAct(itemID, act)); got.Status != http.StatusNotFound {
			t.Errorf("%s for somebody who does not see the person: status %d", act, got.Status)
		}
	}
}
