package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/internal/account"
	"gatehouse/internal/app"
	"gatehouse/internal/demo"
	"gatehouse/internal/hiring"
	"gatehouse/internal/interview"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
)

// The kinds of write of the load.
const (
	signals = "signals"
	people  = "people"
	files   = "files"
	notes   = "notes"
	answers = "answers"
)

// ledger is what senders were told was taken.
type ledger struct {
	mu sync.Mutex
	// taken are the names of what is only ever added, by kind.
	taken map[string][]string
	// sums are the files' hashes by title.
	sums map[string][32]byte
	// revision and words are the last answer that was saved, per check.
	revision map[string]int
	words    map[string]string
	saved    int
}

func newLedger() *ledger {
	return &ledger{taken: map[string][]string{}, sums: map[string][32]byte{}, revision: map[string]int{}, words: map[string]string{}}
}

func (l *ledger) took(kind, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[kind] = append(l.taken[kind], name)
}

// counts says how many writes of each kind were acknowledged.
func (l *ledger) counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := map[string]int{answers: l.saved}
	for _, kind := range []string{signals, people, files, notes} {
		n[kind] = len(l.taken[kind])
	}
	return n
}

// scene is who writes what, and about whom.
type scene struct {
	token                string
	person, job          string
	caseID               string
	interviewID          string
	checks               []string
	hr, lead, questioner string // addresses
}

// load is the writing that goes on.
type load struct {
	*site
	*ledger
	scene
	cookies map[string]*http.Cookie
	stop    chan struct{}
	all     sync.WaitGroup
	// looking is held for reading by each write, so that a check can have the writers wait.
	looking sync.RWMutex
}

// sceneOf finds in the demo's company somebody to write about and those who may.
func sceneOf(ctx context.Context, pool *pgxpool.Pool) (s scene, err error) {
	s.hr = "hr@example.com"
	err = errors.Join(
		pool.QueryRow(ctx, `SELECT id FROM jobs WHERE status = 'open' ORDER BY created_at LIMIT 1`).Scan(&s.job),
		pool.QueryRow(ctx, `SELECT id FROM people p WHERE erased_at IS NULL AND NOT EXISTS (SELECT FROM cases c WHERE c.person_id = p.id) ORDER BY number LIMIT 1`).Scan(&s.person),
		pool.QueryRow(ctx, `
			SELECT m.case_id, u.email FROM case_members m JOIN users u ON u.id = m.user_id JOIN cases c ON c.id = m.case_id
			WHERE  m.removed_at IS NULL AND m.function = 'lead' AND c.closed_at IS NULL ORDER BY c.opened_at DESC LIMIT 1`).Scan(&s.caseID, &s.lead))
	return s, err
}

// plan has somebody hold an interview that nobody has answered yet: how far the demo's own are depends on the hour.
func (s *scene) plan(ctx context.Context, a *app.App, pool *pgxpool.Pool) error {
	s.questioner = "interviewer@example.com"
	var application hiring.ApplicationID
	var by account.ID
	if err := pool.QueryRow(ctx, `
		SELECT a.id, u.id FROM applications a, users u
		WHERE  a.status = 'active' AND a.stage_id IN ('stage-screening-call', 'stage-technical-interview') AND u.email = $1
		ORDER  BY a.id LIMIT 1`, s.questioner).Scan(&application, &by); err != nil {
		return err
	}
	planned, err := a.Features.Interviews.Schedule(ctx, authz.System("faults"), application,
		interview.Plan{StartsAt: a.DB.Now().Add(time.Hour), Minutes: 45, Interviewers: []account.ID{by}})
	if err != nil {
		return err
	}
	s.interviewID = string(planned)
	return pool.QueryRow(ctx, `SELECT kit FROM interviews WHERE id = $1`, s.interviewID).Scan(&s.checks)
}

// begin signs the writers in and lets them write until end.
func (l *load) begin(ctx context.Context) error {
	l.cookies, l.stop = map[string]*http.Cookie{}, make(chan struct{})
	for _, email := range []string{l.hr, l.lead, l.questioner} {
		if err := l.signIn(ctx, email); err != nil {
			return err
		}
	}
	writers := []func(context.Context, *http.Client, string) error{l.signal, l.signal, l.addPerson, l.upload, l.upload, l.note}
	for n, write := range writers {
		l.all.Go(func() {
			l.repeat(ctx, func(c *http.Client, i int) error { return write(ctx, c, fmt.Sprintf("%d-%d", n, i)) })
		})
	}
	for _, check := range l.checks[:min(2, len(l.checks))] {
		l.all.Go(func() { l.repeat(ctx, func(c *http.Client, i int) error { return l.answer(ctx, c, check, i) }) })
	}
	return nil
}

func (l *load) end() {
	close(l.stop)
	l.all.Wait()
}

// repeat writes until the load ends, with a pause as people make them: the data stays small enough to look through
// after each fault.
func (l *load) repeat(ctx context.Context, write func(*http.Client, int) error) {
	client := &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for i := 0; ; i++ {
		l.looking.RLock()
		_ = write(client, i) // what was not acknowledged counts for nothing
		l.looking.RUnlock()
		select {
		case <-l.stop:
			return
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(50+rand.IntN(100)) * time.Millisecond):
		}
	}
}

func (l *load) signIn(ctx context.Context, email string) error {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := l.send(ctx, client, "/sign-in", nil, "application/x-www-form-urlencoded", strings.NewReader(url.Values{"email": {email}, "password": {demo.Password}}.Encode()))
	if err != nil {
		return err
	}
	for _, c := range answer.cookies {
		if c.Name == "gatehouse" {
			l.cookies[email] = c
			return nil
		}
	}
	return fmt.Errorf("signing in as %s answered %d", email, answer.status)
}

// send posts to the server and reads the answer whole: only then it was heard.
func (l *load) send(ctx context.Context, client *http.Client, path string, as *http.Cookie, contentType string, body io.Reader) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.address(path), body)
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Content-Type", contentType)
	if as != nil {
		r.AddCookie(as)
	} else {
		r.Header.Set("Authorization", "Bearer "+l.token)
	}
	r.Header.Set("Accept", "application/json, text/html")
	answer, err := client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return reply{status: answer.StatusCode, cookies: answer.Cookies(), content: content}, err
}

// reply is an answer that was read whole.
type reply struct {
	status  int
	cookies []*http.Cookie
	content []byte
}

// form posts a form and wants the answer of a form that was taken.
func (l *load) form(ctx context.Context, client *http.Client, path, as string, fields url.Values) error {
	answer, err := l.send(ctx, client, path, l.cookies[as], "application/x-www-form-urlencoded", strings.NewReader(fields.Encode()))
	if err == nil && answer.status != http.StatusSeeOther {
		err = fmt.Errorf("answered %d", answer.status)
	}
	return err
}

func (l *load) signal(ctx context.Context, client *http.Client, name string) error {
	body := fmt.Sprintf(`{"source":"edr","external_id":%q,"occurred_at":"2026-11-22T14:03:00Z","signal":"signal-mouse-jiggler","account":"robin@example.com"}`, name)
	answer, err := l.send(ctx, client, "/api/v1/signals", nil, "application/json", strings.NewReader(body))
	if err == nil && answer.status == http.StatusOK {
		l.took(signals, name)
	}
	return err
}

func (l *load) addPerson(ctx context.Context, client *http.Client, name string) error {
	err := l.form(ctx, client, "/candidates", l.hr, url.Values{"name": {"Person " + name}, "once": {id.New()}, "version": {"0"},
		"job": {l.job}, "channel": {"channel-public-application"}, "source": {"CV"}})
	if err == nil {
		l.took(people, "Person "+name)
	}
	return err
}

func (l *load) note(ctx context.Context, client *http.Client, name string) error {
	err := l.form(ctx, client, "/cases/"+l.caseID+"/notes", l.lead, url.Values{"body": {"Note " + name}})
	if err == nil {
		l.took(notes, "Note "+name)
	}
	return err
}

// upload sends a file as the form of evidence does.
func (l *load) upload(ctx context.Context, client *http.Client, name string) error {
	title, content := "File "+name, strings.Repeat("line of "+name+"\n", 500+rand.IntN(5000))
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range [][2]string{{"person_id", l.person}, {"kind", "log-export"}, {"title", title}, {"subject_kind", "person"}, {"subject_id", l.person}} {
		_ = form.WriteField(f[0], f[1]) // into memory
	}
	file, _ := form.CreateFormFile("file", "some.log")
	_, _ = io.WriteString(file, content)
	_ = form.Close()
	answer, err := l.send(ctx, client, "/evidence", l.cookies[l.hr], form.FormDataContentType(), &body)
	if err != nil || answer.status != http.StatusSeeOther {
		return err
	}
	l.took(files, title)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sums[title] = sha256.Sum256([]byte(content))
	return nil
}

// answer saves the next words for a check, on top of those that the server has.
func (l *load) answer(ctx context.Context, client *http.Client, check string, i int) error {
	l.mu.Lock()
	seen := l.revision[check]
	l.mu.Unlock()
	words := fmt.Sprintf("Words %d", i)
	fields := url.Values{"verdict": {"clear"}, "note": {words}, "revision": {strconv.Itoa(seen)}}
	answer, err := l.send(ctx, client, "/interviews/"+l.interviewID+"/answers/"+check, l.cookies[l.questioner],
		"application/x-www-form-urlencoded", strings.NewReader(fields.Encode()))
	if err != nil {
		return err
	}
	type saved struct {
		Revision int    `json:"revision"`
		Note     string `json:"note"`
	}
	var said struct {
		saved
		Current *saved `json:"current"`
	}
	if err := json.Unmarshal(answer.content, &said); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case answer.status == http.StatusOK:
		l.revision[check], l.words[check] = said.Revision, said.Note
		l.saved++
	case said.Current != nil && said.Current.Revision > seen: // one that was stored, though nobody heard of it
		l.revision[check], l.words[check] = said.Current.Revision, said.Current.Note
	}
	return nil
}

// progress waits until some more writes of each kind are acknowledged: the server works, or works again.
func (l *load) progress(ctx context.Context) error {
	const more, patience = 2, 45 * time.Second
	from, deadline := l.counts(), time.Now().Add(patience)
	for {
		now, going := l.counts(), true
		for kind, n := range now {
			going = going && n >= from[kind]+more
		}
		switch {
		case going:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(deadline):
			return fmt.Errorf("writes are not taken any more: %v before, %v now; the server wrote:\n%s", from, now, tail(l.data+"/server.log"))
		}
		time.Sleep(5 * time.Millisecond)
	}
}
