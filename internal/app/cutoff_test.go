package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/app"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/web"
)

// TestWhoIsCutOffAtTheEndPutsAwayWhatItBegan: the database and the files stay until a handler whose connection was closed
// has done with them.
func TestWhoIsCutOffAtTheEndPutsAwayWhatItBegan(t *testing.T) {
	t.Parallel()
	a, err := app.Open(t.Context(), config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), MaxUpload: 1 << 20}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	reads := make(chan struct{})
	var done atomic.Bool
	a.Extra = []web.Route{{Method: http.MethodPost, Pattern: "/slow", Permission: authz.Public, Handler: func(_ http.ResponseWriter, r *http.Request) error {
		close(reads)
		_, err := io.Copy(io.Discard, r.Body)
		time.Sleep(cleaning)
		done.Store(true)
		return err
	}}}
	l, err := app.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, l) }()
	body, more := io.Pipe()
	defer more.Close()
	go func() {
		answer, err := http.Post("http://"+l.Addr().String()+"/slow", "text/plain", body)
		if err == nil {
			answer.Body.Close()
		}
	}()
	if _, err := more.Write([]byte("so far")); err != nil {
		t.Fatal(err)
	}
	<-reads
	stop()
	if err := <-served; err != nil || !done.Load() {
		t.Errorf("the server ended with %v; the handler was done: %v", err, done.Load())
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// cleaning is longer than the background work takes to end, and shorter than a handler is waited for.
const cleaning = 300 * time.Millisecond
