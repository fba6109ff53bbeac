package app_test

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/hiring"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

// lines is a log that is read afterwards.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// TestTheLogHoldsNothingThatSomebodyTyped goes through signing in, adding, searching, uploading and a few mistakes at the
// most talkative level, and looks for each thing that was typed.
func TestTheLogHoldsNothingThatSomebodyTyped(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]func(io.Writer, *slog.HandlerOptions) slog.Handler{
		"text": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) },
		"json": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lines
			p := serveTelling(t, config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), MaxUpload: 1 << 20},
				slog.New(handler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: db.Redact})))
			for _, typed := range p.typeAll(t) {
				for _, form := range []string{typed, url.QueryEscape(typed), url.PathEscape(typed)} {
					if strings.Contains(strings.ToLower(log.text()), strings.ToLower(form)) {
						t.Errorf("the log holds %q", form)
					}
				}
			}
			if !strings.Contains(log.text(), "/candidates") {
				t.Error("the log tells nothing at all")
			}
		})
	}
}

// typeAll does what people do, and returns what they typed.
func (p *process) typeAll(t *testing.T) []string {
	t.Helper()
	const email, wrong, person, referrer, phone = "xenia.zander@example.org", "Wrong-Pass-Phrase-71", "Quirin Vexley", "Ophelia Rundt", "+49 30 5550199"
	const file, content, title, words, link = "quirin-passport-scan.txt", "born in Wolkenstein", "Passport of Q Vexley", "vexleyquery", "SecretLinkWord99"
	const bearer, account0 = "ghs-notatoken-554433", "q.vexley@corp.example.com"
	system := authz.System("test")
	if _, err := p.Features.Accounts.Add(t.Context(), system, account.New{Email: email, Name: "Xenia Zander", Password: apptest.Password,
		Roles: []authz.Role{authz.HR}}); err != nil {
		t.Fatal(err)
	}
	managerID, err := p.Features.Accounts.Add(t.Context(), system, account.New{Email: "manager@example.org", Name: "Mara Manager",
		Password: apptest.Password, Roles: []authz.Role{authz.HiringManager}})
	if err != nil {
		t.Fatal(err)
	}
	lib := p.Features.Catalogue.Current()
	jobID, err := p.Features.Hiring.AddJob(t.Context(), system, hiring.NewJob{Title: "Engineer", LevelID: lib.Levels[0].ID, ManagerID: string(managerID)})
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t)
	p.signIn(t, client, email, wrong)
	if got := p.signIn(t, client, email, apptest.Password); got != http.StatusSeeOther {
		t.Fatalf("signing in answers %d", got)
	}
	added := p.post(t, client, "/candidates", url.Values{"name": {person}, "once": {id.New()}, "job": {string(jobID)}, "source": {"CV"},
		"channel": {"channel-public-application"}, "referrer_name": {referrer}, "paste": {phone}, "version": {"0"}})
	if added == nil || !strings.HasPrefix(added.Path, "/candidates/") {
		t.Fatalf("adding a candidate leads to %v", added)
	}
	p.post(t, client, "/candidates", url.Values{"name": {person}, "job": {words}}) // refused
	p.upload(t, client, strings.TrimPrefix(added.Path, "/candidates/"), title, file, content)
	for _, path := range []string{"/search?q=" + words, "/candidates?q=" + url.QueryEscape(person), "/sign-in/link/" + link,
		"/nowhere/" + words, added.Path, "/candidates.csv?q=" + words, "/candidates?after=" + words} {
		p.status(t, client, path)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/api/v1/signals", strings.NewReader(`{"account":"`+account0+`"`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	typed := []string{email, wrong, apptest.Password, person, "Vexley", referrer, phone, file, content, title, words, link, bearer, account0, "Xenia"}
	server, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range client.Jar.Cookies(server) {
		if len(c.Value) > 8 {
			typed = append(typed, c.Value)
		}
	}
	return typed
}

// post sends a form and returns where it leads, nil where to nothing.
func (p *process) post(t *testing.T, client *http.Client, path string, form url.Values) *url.URL {
	t.Helper()
	answer, err := client.PostForm(p.url+path, form)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	to, err := answer.Location()
	if err != nil {
		return nil
	}
	return to
}

func (p *process) upload(t *testing.T, client *http.Client, personID, title, name, content string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range [][2]string{{"person_id", personID}, {"kind", "document"}, {"title", title}, {"subject_kind", "person"}, {"subject_id", personID}} {
		_ = form.WriteField(f[0], f[1]) // into memory
	}
	file, _ := form.CreateFormFile("file", name)
	_, _ = io.WriteString(file, content)
	_ = form.Close()
	answer, err := client.Post(p.url+"/evidence", form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		t.Errorf("the upload answers %s", answer.Status)
	}
}
