package signal

import (
	"context"
	"time"
)

// Share is how long TakeUp would work now.
func (s *Service) Share(ctx context.Context) (time.Duration, error) { return s.share(ctx) }

// Arriving makes it look as if a batch were being taken in, until the function that it returns is called.
func (s *Service) Arriving() func() {
	s.arriving.Add(1)
	return func() { s.arriving.Add(-1) }
}
