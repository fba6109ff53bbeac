package app_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/app"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db/dbtest"
)

// TestPrometheusIsAnsweredApart from the pages, and only where asked for; no label holds what somebody typed.
func TestPrometheusIsAnsweredApart(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := free.Addr().String()
	free.Close()
	a, err := app.Open(t.Context(), config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), MetricsAddr: asked}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, l) }()
	get := func(url string) (string, int) {
		t.Helper()
		for wait := time.Now().Add(5 * time.Second); ; {
			got, err := http.Get(url)
			if err != nil {
				if time.Now().After(wait) {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Millisecond)
				continue
			}
			defer got.Body.Close()
			body, err := io.ReadAll(got.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body), got.StatusCode
		}
	}
	pages := "http://" + l.Addr().String()
	get(pages + "/sign-in?next=/secretword")
	get(pages + "/secretword")
	if body, status := get(pages + "/metrics"); status == http.StatusOK && strings.Contains(body, "gatehouse_http") {
		t.Error("the numbers stand among the pages")
	}
	numbers, _ := get("http://" + asked + "/metrics")
	for _, want := range []string{`gatehouse_http_request_duration_seconds_count{method="GET",route="/sign-in",status="200"}`,
		"gatehouse_database_connections{", "gatehouse_audit_entries_sealed", "gatehouse_evidence_altered 0", `gatehouse_background_duration_seconds_count{work="sweep blobs"}`,
		`gatehouse_background_failures_total{work="sweep blobs"} 0`, "go_goroutines"} {
		if !strings.Contains(numbers, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(numbers, "secretword") {
		t.Error("what somebody typed became a label")
	}
	stop()
	if err := <-served; err != nil && err != http.ErrServerClosed {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
