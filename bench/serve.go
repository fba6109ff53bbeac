package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/a-h/templ"

	"gatehouse/internal/app"
	"gatehouse/internal/demo"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/web"
	"gatehouse/web/response"
	"gatehouse/web/session"
)

// serveChild is the server under test: -serve DATA URL COOKIE. Without a URL it starts the private database itself.
func serveChild(ctx context.Context, args []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	cfg := config.Config{Data: args[0], DatabaseURL: args[1], MaxUpload: 4 << 30}
	a, err := app.Open(ctx, cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	l, err := app.Listen("127.0.0.1:0")
	if err != nil {
		return errors.Join(err, a.Close())
	}
	f := &floors{app: a, cookie: args[2], pages: map[string]*kept{}}
	a.Extra = []web.Route{
		{Method: http.MethodGet, Pattern: "/floor/static", Permission: authz.PersonRead, Handler: f.static},
		{Method: http.MethodGet, Pattern: "/floor/templ", Permission: authz.PersonRead, Handler: f.templ},
	}
	fmt.Printf("http://%s\n", l.Addr())
	return errors.Join(a.Serve(ctx, l), a.Close())
}

// floors are what pages are measured against. The page is named by the parameter of, and a person by id.
type floors struct {
	app    *app.App
	cookie string

	mu    sync.Mutex
	pages map[string]*kept
}

// kept is a page as it was rendered once: its component, and its bytes cut where four values go.
type kept struct {
	component templ.Component
	parts     [5][]byte
}

// page renders the page once through the whole server and keeps it.
func (f *floors) page(of string) (*kept, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, ok := f.pages[of]; ok {
		return p, nil
	}
	p := &kept{}
	r := httptest.NewRequest(http.MethodGet, of, nil)
	r = r.WithContext(response.Keeping(context.Background(), func(c templ.Component) { p.component = c }))
	r.AddCookie(&http.Cookie{Name: plainCookie, Value: f.cookie})
	w := httptest.NewRecorder()
	f.app.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK || p.component == nil {
		return nil, fmt.Errorf("page %s answered %d", of, w.Code)
	}
	body := w.Body.Bytes()
	for i := range p.parts {
		p.parts[i] = body[len(body)*i/5 : len(body)*(i+1)/5]
	}
	f.pages[of] = p
	return p, nil
}

// plainCookie is what the session cookie is called without HTTPS.
var plainCookie = session.NewStore(nil, "").CookieName()

// look is the floors' one query: a person by primary key.
func (f *floors) look(r *http.Request) (name string, number int64, err error) {
	err = f.app.DB.Pool().QueryRow(r.Context(), `SELECT name, number FROM people WHERE id = $1`, r.URL.Query().Get("id")).Scan(&name, &number)
	return name, number, err
}

// static is F2.
func (f *floors) static(w http.ResponseWriter, r *http.Request) error {
	name, number, err := f.look(r)
	if err != nil {
		return err
	}
	p, err := f.page(r.URL.Query().Get("of"))
	if err != nil {
		return err
	}
	values := [4]string{templ.EscapeString(name), strconv.FormatInt(number, 10), r.URL.Query().Get("id"), time.Now().Format(time.TimeOnly)}
	buf := floorBuffers.Get().(*bytes.Buffer)
	defer floorBuffers.Put(buf)
	buf.Reset()
	for i, part := range p.parts {
		buf.Write(part)
		if i < len(values) {
			buf.WriteString(values[i])
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
	_, err = w.Write(buf.Bytes())
	return err
}

var floorBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// templ is F1.
func (f *floors) templ(w http.ResponseWriter, r *http.Request) error {
	if _, _, err := f.look(r); err != nil {
		return err
	}
	p, err := f.page(r.URL.Query().Get("of"))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, p.component)
}

// coldChild makes the demo from nothing: -cold DATA CANDIDATES. It prints how long it took until the first page.
func coldChild(ctx context.Context, args []string) error {
	began := time.Now()
	ordinary, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, config.Config{Data: args[0], MaxUpload: 1 << 30}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := demo.Fill(ctx, a, demo.Plan{Ordinary: ordinary, Now: a.DB.Now()}); err != nil {
		return errors.Join(err, a.Close())
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if w.Code != http.StatusOK {
		err = fmt.Errorf("the first page answered %d", w.Code)
	}
	fmt.Println(time.Since(began).Milliseconds())
	return errors.Join(err, a.Close())
}
