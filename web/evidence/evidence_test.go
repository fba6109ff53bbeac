package evidence_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/clamd/clamdtest"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/web/path"
)

func newPerson(t testing.TB, w *apptest.World) person.ID {
	t.Helper()
	var personID person.ID
	err := w.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		var err error
		personID, err = w.Features.People.Add(t.Context(), tx, person.New{Name: "Robin Vale"})
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(personID)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return personID
}

type file struct{ name, content string }

// form writes a multipart form as browsers do: fields first, then the file.
func form(t testing.TB, fields map[string]string, f *file) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	out := multipart.NewWriter(body)
	for name, value := range fields {
		if err := out.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if f != nil {
		part, err := out.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="file"; filename="` + f.name + `"`}, "Content-Type": {"image/png"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, f.content); err != nil {
			t.Fatal(err)
		}
	}
	out.Close()
	return out.FormDataContentType(), body
}

func fieldsOf(personID person.ID, more ...string) map[string]string {
	fields := map[string]string{"person_id": string(personID), "subject_kind": "person", "subject_id": string(personID),
		"kind": "document", "title": "A document", "sensitivity": "personal", "back": "/candidates/x?tab=evidence"}
	for i := 0; i < len(more); i += 2 {
		fields[more[i]] = more[i+1]
	}
	return fields
}

func newest(t testing.TB, w *apptest.World, personID person.ID) evidence.Item {
	t.Helper()
	items, err := w.Features.Evidence.ForPerson(t.Context(), authz.System("test"), personID)
	if err != nil || len(items) == 0 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	return items[0]
}

// openCase opens a case about the person with one member.
func openCase(t testing.TB, w *apptest.World, personID person.ID, member account.User) (caseID string) {
	t.Helper()
	caseID = id.New()
	for _, sql := range []string{
		`INSERT INTO cases (id, code_name, person_id, edition, reason, opened_at) VALUES ($1, 'Juniper', '` + string(personID) + `', '1.0.0', 'r', now())`,
		`INSERT INTO case_members (case_id, user_id, function, added_at) VALUES ($1, '` + string(member.ID) + `', 'lead', now())`,
	} {
		if _, err := w.DB.Pool().Exec(t.Context(), sql, caseID); err != nil {
			t.Fatal(err)
		}
	}
	return caseID
}

func TestUploadViewDownload(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	lead := w.User("Hanna Rey", authz.SecurityLead)
	b := w.SignIn(lead)
	personID := newPerson(t, w)

	script := "<html><script>alert(1)</script>"
	contentType, body := form(t, fieldsOf(personID, "title", "", "case_id", openCase(t, w, personID, lead)), &file{`..\..\pass%22port<b>.html`, script})
	got := b.Send("POST", path.EvidenceItems, contentType, body)
	if got.Status != http.StatusSeeOther || got.Header.Get("Location") != "/candidates/x?tab=evidence" {
		t.Fatalf("added: %d to %q\n%s", got.Status, got.Header.Get("Location"), got.Body)
	}
	item := newest(t, w, personID)
	page := b.Get(path.Evidence(item.ID))
	if !strings.Contains(page.Body, "does not know this kind of file") || !strings.Contains(page.Body, "no scanner is set up") {
		t.Error("the page does not say that nobody opened it or scanned it")
	}
	if page.Status != 200 || strings.Contains(page.Body, "<b>.html") || !strings.Contains(page.Body, "text/html") ||
		!strings.Contains(page.Body, "Collected") || strings.Contains(page.Body, "alert(1)") {
		t.Errorf("page: %d\n%s", page.Status, page.Body)
	}
	saved := b.Post(path.EvidenceAct(item.ID, "download"), nil)
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Security-Policy": "sandbox; default-src 'none'",
		"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Encoding": "",
		"Content-Length": fmt.Sprint(len(script)),
	} {
		if saved.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, saved.Header.Get(name), want)
		}
	}
	if saved.Status != 200 || saved.Body != script || !strings.HasPrefix(saved.Header.Get("Content-Disposition"), "attachment; ") {
		t.Errorf("download: %d %q %q", saved.Status, saved.Header.Get("Content-Disposition"), saved.Body)
	}
	if got := b.Post(path.EvidenceAct(item.ID, "view"), nil); got.Status != http.StatusConflict {
		t.Errorf("a file was shown: %d", got.Status)
	}
	if got := b.Post(path.EvidenceAct(item.ID, "verify"), nil); got.Status != http.StatusSeeOther {
		t.Errorf("verify: %d", got.Status)
	}
	page = b.Get(path.Evidence(item.ID))
	for _, word := range []string{"Collected", "Downloaded", "Verified: unchanged", "Hanna Rey"} {
		if !strings.Contains(page.Body, word) {
			t.Errorf("custody does not say %q", word)
		}
	}
	if strings.Contains(page.Body, "Viewed") {
		t.Error("custody says viewed, though nothing was shown")
	}
}

func TestTextsAndLinksAreShownOnDemandOnly(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Hanna Rey", authz.HR))
	personID := newPerson(t, w)
	for _, c := range []struct{ field, value, shown string }{
		{"text", "The <b>lamp</b> stood left.", "The &lt;b&gt;lamp&lt;/b&gt; stood left."},
		{"url", "https://profile.example/u?x=1", `rel="noopener noreferrer nofollow"`},
	} {
		contentType, body := form(t, fieldsOf(personID, c.field, c.value), &file{"", ""})
		if got := b.Send("POST", path.EvidenceItems, contentType, body); got.Status != http.StatusSeeOther {
			t.Fatalf("%s: %d\n%s", c.field, got.Status, got.Body)
		}
		item := newest(t, w, personID)
		if page := b.Get(path.Evidence(item.ID)); strings.Contains(page.Body, c.shown) {
			t.Errorf("%s is shown before anybody asked", c.field)
		}
		got := b.Post(path.EvidenceAct(item.ID, "view"), nil)
		if got.Status != 200 || !strings.Contains(got.Body, c.shown) || !strings.Contains(got.Body, "Viewed") {
			t.Errorf("%s: %d\n%s", c.field, got.Status, got.Body)
		}
		if c.field == "url" && !strings.Contains(got.Body, "<b>profile.example</b>") {
			t.Error("the link's host is not named")
		}
	}
}

func TestOpeningAsksWhyAtTheField(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Hanna Rey", authz.HR))
	personID := newPerson(t, w)
	contentType, body := form(t, fieldsOf(personID, "sensitivity", "special"), &file{"passport.txt", "what it holds"})
	if got := b.Send("POST", path.EvidenceItems, contentType, body); got.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.Status, got.Body)
	}
	item := newest(t, w, personID)
	if page := b.Get(path.Evidence(item.ID)); !strings.Contains(page.Body, "Why do you open it?") {
		t.Error("the page does not ask why")
	}
	download := path.EvidenceAct(item.ID, "download")
	if got := b.Post(download, url.Values{"reason": {" "}}); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Say why you open it.") {
		t.Errorf("without a reason: %d\n%s", got.Status, got.Body)
	}
	long := strings.Repeat("why ", 200)
	if got := b.Post(download, url.Values{"reason": {long}}); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, strings.TrimSpace(long)) {
		t.Errorf("a reason that is too long: %d, or it is gone", got.Status)
	}
	if got := b.Post(download, url.Values{"reason": {"To compare <it>."}}); got.Status != http.StatusOK || got.Body != "what it holds" {
		t.Errorf("with a reason: %d\n%s", got.Status, got.Body)
	}
	for _, page := range []string{path.Evidence(item.ID), path.EvidenceAct(item.ID, "custody")} {
		if got := b.Get(page); strings.Count(got.Body, "To compare &lt;it&gt;.") != 1 {
			t.Errorf("%s shows the reason %d times", page, strings.Count(got.Body, "To compare &lt;it&gt;."))
		}
	}
}

func TestRefusedForms(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Hanna Rey", authz.HR))
	personID := newPerson(t, w)
	big := &file{"big.txt", strings.Repeat("x", 8<<20+1)}
	for _, c := range []struct {
		name   string
		fields map[string]string
		file   *file
		status int
		says   string
	}{
		{"nothing", fieldsOf(personID), nil, 422, "Give a link, a text or a file."},
		{"empty choice", fieldsOf(personID), &file{"", ""}, 422, "Give a link, a text or a file."},
		{"two", fieldsOf(personID, "text", "a", "url", "https://a.example"), nil, 422, "Give one of the three"},
		{"file and text", fieldsOf(personID, "text", "kept for you"), &file{"a.txt", "b"}, 422, "kept for you"},
		{"no kind", fieldsOf(personID, "kind", ""), &file{"a.txt", "b"}, 422, "Choose what kind"},
		{"script link", fieldsOf(personID, "url", "javascript:alert(1)"), nil, 422, "Enter a whole web address"},
		{"too large", fieldsOf(personID), big, 413, "The file is larger than the 8 MiB allowed here."},
		{"long field", fieldsOf(personID, "title", strings.Repeat("x", 400<<10)), nil, 413, "too long"},
		{"program", fieldsOf(personID, "title", "My CV"), &file{"cv.pdf", "MZ" + strings.Repeat("\x00", 200)}, 422, "My CV"},
		{"unknown person", fieldsOf(person.ID(id.New())), &file{"a.txt", "b"}, 404, ""},
		{"case of others", fieldsOf(personID, "case_id", id.New()), &file{"a.txt", "b"}, 404, ""},
	} {
		contentType, body := form(t, c.fields, c.file)
		got := b.Send("POST", path.EvidenceItems, contentType, body)
		if got.Status != c.status || !strings.Contains(got.Body, c.says) {
			t.Errorf("%s: %d, want %d saying %q\n%.3000s", c.name, got.Status, c.status, c.says, got.Body)
		}
	}
	for name, contentType := range map[string]string{"no form": "text/plain", "no boundary": "multipart/form-data", "cut": "multipart/form-data; boundary=x"} {
		if got := b.Send("POST", path.EvidenceItems, contentType, strings.NewReader("--x\r\nContent-Disp")); got.Status != 422 {
			t.Errorf("%s: %d", name, got.Status)
		}
	}
	for _, elsewhere := range []string{"//evil.example/", "https://evil.example", `/\evil.example`} {
		contentType, body := form(t, fieldsOf(personID, "text", "a", "back", elsewhere), nil)
		if got := b.Send("POST", path.EvidenceItems, contentType, body); got.Header.Get("Location") != path.Candidate(personID) {
			t.Errorf("sent to %q", got.Header.Get("Location"))
		}
	}
}

// A connection that ends in mid-upload leaves no item.
func TestTruncatedUpload(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Hanna Rey", authz.HR))
	personID := newPerson(t, w)
	contentType, body := form(t, fieldsOf(personID), &file{"a.txt", strings.Repeat("x", 1<<20)})
	server, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", server.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cookie := b.Jar.Cookies(server)[0]
	fmt.Fprintf(conn, "POST /evidence HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		server.Host, cookie.Name, cookie.Value, contentType, body.Len())
	if _, err := conn.Write(body.Bytes()[:body.Len()/2]); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn) // the answer may be nothing: nobody is listening any more
	if strings.HasPrefix(string(answer), "HTTP/1.1 303") {
		t.Errorf("half a file was taken for a whole one:\n%s", answer)
	}
	items, err := w.Features.Evidence.ForPerson(t.Context(), authz.System("test"), personID)
	if err != nil || len(items) != 0 {
		t.Errorf("%d items, %v", len(items), err)
	}
}

func TestCaseItemsAreNotFoundByOthers(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	member, hr := w.User("Sam Lead", authz.SecurityLead), w.User("Hanna Rey", authz.HR)
	personID := newPerson(t, w)
	caseID := openCase(t, w, personID, member)
	inside, outside := w.SignIn(member), w.SignIn(hr)
	contentType, body := form(t, fieldsOf(personID, "case_id", caseID, "subject_kind", "case", "subject_id", caseID), &file{"log.txt", "x"})
	if got := inside.Send("POST", path.EvidenceItems, contentType, body); got.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.Status, got.Body)
	}
	item := newest(t, w, personID)
	if got := inside.Get(path.Evidence(item.ID)); got.Status != 200 || !strings.Contains(got.Body, "Case members only") {
		t.Errorf("member: %d", got.Status)
	}
	unknown := outside.Get(path.Evidence(id.New()))
	for _, got := range []apptest.Page{outside.Get(path.Evidence(item.ID)), outside.Post(path.EvidenceAct(item.ID, "view"), nil),
		outside.Post(path.EvidenceAct(item.ID, "download"), nil), outside.Post(path.EvidenceAct(item.ID, "verify"), nil)} {
		if got.Status != http.StatusNotFound || got.Status != unknown.Status {
			t.Errorf("HR: %d", got.Status)
		}
	}
}

// picture is an image with something behind it that no preview may carry on.
func picture(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 1600, 400), color.Palette{color.White})); err != nil {
		t.Fatal(err)
	}
	return b.String() + "<script>alert(1)</script>"
}

func TestPreviewsAreDrawnAnew(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Hanna Rey", authz.HR))
	personID := newPerson(t, w)
	contentType, body := form(t, fieldsOf(personID, "kind", "screenshot"), &file{"shot.jpg", picture(t)})
	if got := b.Send("POST", path.EvidenceItems, contentType, body); got.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.Status, got.Body)
	}
	item := newest(t, w, personID)
	page := b.Get(path.Evidence(item.ID))
	if !strings.Contains(page.Body, "Show preview") || strings.Contains(page.Body, "<img") || !strings.Contains(page.Body, "another kind") {
		t.Errorf("before anybody asked:\n%s", page.Body)
	}
	shown := b.Post(path.EvidenceAct(item.ID, "view"), nil)
	found := regexp.MustCompile(`<img class="preview" src="data:image/png;base64,([^"]+)"`).FindStringSubmatch(shown.Body)
	if shown.Status != 200 || found == nil || !strings.Contains(shown.Body, "Viewed") {
		t.Fatalf("%d\n%s", shown.Status, shown.Body)
	}
	drawn, err := base64.StdEncoding.DecodeString(strings.NewReplacer("&#43;", "+", "&#61;", "=").Replace(found[1]))
	if err != nil || bytes.Contains(drawn, []byte("alert")) {
		t.Errorf("the preview holds what the file does, %v", err)
	}
	if config, _, err := image.DecodeConfig(bytes.NewReader(drawn)); err != nil || config.Width != 1200 || config.Height != 300 {
		t.Errorf("%d × %d, %v", config.Width, config.Height, err)
	}
	if got := b.Get(path.EvidenceAct(item.ID, "view")); got.Status != http.StatusMethodNotAllowed && got.Status != http.StatusNotFound {
		t.Errorf("a look by address: %d", got.Status)
	}
	// One that is a picture at its beginning only: the try is on record, and the page says what came of it.
	contentType, body = form(t, fieldsOf(personID, "kind", "screenshot"), &file{"shot.png", picture(t)[:60]})
	if got := b.Send("POST", path.EvidenceItems, contentType, body); got.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.Status, got.Body)
	}
	half := newest(t, w, personID)
	if got := b.Post(path.EvidenceAct(half.ID, "view"), nil); got.Status != 200 || !strings.Contains(got.Body, "No preview could be made") || !strings.Contains(got.Body, "Viewed") {
		t.Errorf("half a picture: %d\n%s", got.Status, got.Body)
	}
}

func TestMalwareIsGivenOutKnowinglyOnly(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b, hr := w.SignIn(w.User("Sam Lead", authz.SecurityLead)), w.SignIn(w.User("Hanna Rey", authz.HR))
	personID := newPerson(t, w)
	contentType, body := form(t, fieldsOf(personID), &file{"notes.txt", clamdtest.Malware()})
	if got := b.Send("POST", path.EvidenceItems, contentType, body); got.Status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.Status, got.Body)
	}
	if err := w.Features.Evidence.ScanMalware(t.Context(), clamdtest.Start(t)); err != nil {
		t.Fatal(err)
	}
	item := newest(t, w, personID)
	page := b.Get(path.Evidence(item.ID))
	if !strings.Contains(page.Body, clamdtest.Found) || !strings.Contains(page.Body, "Download malware") {
		t.Errorf("security's page:\n%s", page.Body)
	}
	if page := hr.Get(path.Evidence(item.ID)); !strings.Contains(page.Body, clamdtest.Found) || strings.Contains(page.Body, "Download malware") {
		t.Errorf("HR's page:\n%s", page.Body)
	}
	if list := hr.Get(path.CandidateTab(personID, "evidence")); !strings.Contains(list.Body, "Malware") {
		t.Error("the list does not say it")
	}
	download := path.EvidenceAct(item.ID, "download")
	knowing := url.Values{"knowingly": {"yes"}}
	if got := b.Post(download, nil); got.Status != http.StatusConflict {
		t.Errorf("unknowingly: %d", got.Status)
	}
	if got := hr.Post(download, knowing); got.Status != http.StatusForbidden {
		t.Errorf("by HR: %d", got.Status)
	}
	if got := b.Post(download, knowing); got.Status != 200 || got.Body != clamdtest.Malware() {
		t.Errorf("knowingly: %d", got.Status)
	}
	if page := b.Get(path.Evidence(item.ID)); !strings.Contains(page.Body, "knowing of the malware") {
		t.Error("custody does not say it")
	}
}
