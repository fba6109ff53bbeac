package trace

import (
	"context"
	"log/slog"
	"sync"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// sender passes spans on and tells the log, at most once a minute, when that fails. What cannot be sent is lost: a
// collector that does not answer must not become a matter of who uses Gatehouse.
type sender struct {
	sdk.SpanExporter
	log *slog.Logger

	mu   sync.Mutex
	told time.Time
	lost int
}

const (
	// tellEvery is how often the log says that spans are lost.
	tellEvery = time.Minute
	// wordsMost bounds what the log says of an error, which can hold the whole answer of a collector.
	wordsMost = 300
)

// ExportSpans sends spans. It returns no error, which the SDK would write to a log of its own.
func (s *sender) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := s.SpanExporter.ExportSpans(ctx, spans); err != nil {
		s.tell(err, len(spans))
	}
	return nil
}

func (s *sender) tell(err error, lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += lost
	if !s.told.IsZero() && time.Since(s.told) < tellEvery {
		return
	}
	words := err.Error()
	s.log.Warn("traces could not be sent", "spans", s.lost, "error", words[:min(len(words), wordsMost)])
	s.told, s.lost = time.Now(), 0
}
