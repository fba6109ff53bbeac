package evidence_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob/s3test"
	"gatehouse/internal/platform/config"
	"gatehouse/web/path"
)

// TestEvidenceInABucket takes a file in and gives it out with the files in a bucket; then the object is altered, then gone,
// then the service: the reader is told so each time, and the first two are an alarm.
func TestEvidenceInABucket(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	w := apptest.New(t, func(c *config.Config) {
		c.S3 = config.S3{Endpoint: server.Options.Endpoint, Bucket: server.Options.Bucket, Region: server.Options.Region, Prefix: "gatehouse",
			AccessKey: server.Options.AccessKey, SecretKey: server.Options.SecretKey}
	})
	b := w.SignIn(w.User("Hanna Rey", authz.HR))
	admin := w.SignIn(w.User("Ana Admin", authz.Administrator))
	personID := newPerson(t, w)
	content := "%PDF-1.7\n" + strings.Repeat("what was collected ", 300_000) // two parts
	contentType, body := form(t, fieldsOf(personID), &file{"scan.pdf", content})
	if got := b.Send("POST", path.EvidenceItems, contentType, body); got.Status != http.StatusSeeOther {
		t.Fatalf("added: %d\n%s", got.Status, got.Body)
	}
	item := newest(t, w, personID)
	if objects := server.Objects(t); len(objects) != 1 || objects[0] != "gatehouse/"+string(item.ID) {
		t.Fatalf("objects in the bucket: %v", objects)
	}
	if saved := b.Post(path.EvidenceAct(item.ID, "download"), nil); saved.Status != 200 || saved.Body != content {
		t.Fatalf("download: %d, %d bytes", saved.Status, len(saved.Body))
	}
	system := func(state string) {
		t.Helper()
		if page := admin.Get(path.System); !strings.Contains(page.Body, state) {
			t.Errorf("the System page does not say %q", state)
		}
	}
	system("In a bucket")

	object := filepath.Join(server.Dir, "gatehouse", string(item.ID))
	stored, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(stored, []byte("collected")) {
		t.Error("the object is not encrypted")
	}
	stored[100] ^= 1
	if err := os.WriteFile(object, stored, 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, status int, words string) {
		t.Helper()
		if got := b.Post(path.EvidenceAct(item.ID, "download"), nil); got.Status != status || !strings.Contains(got.Body, words) {
			t.Errorf("%s: %d, want %d with %q\n%s", what, got.Status, status, words, got.Body)
		}
	}
	refused("altered", http.StatusConflict, "Not what was collected")
	system("Altered or missing")
	if err := os.Remove(object); err != nil {
		t.Fatal(err)
	}
	refused("gone", http.StatusConflict, "Not what was collected")
	server.Stop()
	refused("nobody there", http.StatusServiceUnavailable, "does not answer just now")
	system("Cannot be used")
}
