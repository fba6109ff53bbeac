package demo

import (
	"context"
	"fmt"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/signal"
)

// connect gives telemetry its token, and the months of the demo their room.
func (t *teller) connect(ctx context.Context) error {
	scopes := []authz.Permission{authz.SignalIngest}
	tokenID, _, err := t.f.Accounts.NewToken(ctx, t.staff.of(authz.Administrator), "Endpoint and sign-in telemetry", scopes, nil)
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	t.telemetry = account.Token{ID: tokenID, Name: "Endpoint and sign-in telemetry", Scopes: scopes}.Actor()
	return t.f.Signals.EnsureMonths(ctx, t.Now.AddDate(0, -7, 0), t.Now.AddDate(0, 1, 0))
}

// hear lets telemetry report what the tale has of it, each kind seen a few times.
func (t *teller) hear(ctx context.Context, w *walk) error {
	var lines []signal.Line
	for _, f := range w.found {
		if f.answer != catalogue.Raised {
			continue
		}
		t.after(40 * time.Minute)
		for n := range 1 + int(pick(f.item)%3) {
			lines = append(lines, signal.Line{Number: len(lines) + 1, Source: "endpoint", ExternalID: fmt.Sprintf("%d-%s-%d", w.number, f.item, n),
				SignalID: f.item, OccurredAt: t.now.Add(-time.Duration(n) * 6 * time.Minute), Account: w.account,
				Detail: []byte(fmt.Sprintf(`{"host": "GH-%05d", "policy": "baseline", "agent": "7.14.2"}`, 20_000+w.number))})
		}
	}
	if len(lines) == 0 {
		return nil
	}
	// One teller at a time: who takes a batch up gives it the time of their own clock.
	t.hearing.Lock()
	defer t.hearing.Unlock()
	receipt, err := t.f.Signals.Ingest(ctx, t.telemetry, signal.Digest{}, lines)
	if err != nil {
		return err
	}
	if receipt.Accepted != len(lines) {
		return fmt.Errorf("%d of %d signals were taken: %v", receipt.Accepted, len(lines), receipt.Errors)
	}
	t.after(time.Minute)
	return t.takeUp(ctx, w)
}

// takeUp has the signals counted and the person assessed again, which may take more than one call.
func (t *teller) takeUp(ctx context.Context, w *walk) error {
	for range 20 {
		if err := t.f.Signals.TakeUp(ctx); err != nil {
			return err
		}
		missing := false
		for _, f := range w.found {
			if f.answer == catalogue.Raised {
				_, err := t.flagOf(ctx, w, f.item)
				missing = missing || err != nil
			}
		}
		if !missing {
			return nil
		}
	}
	return fmt.Errorf("the signals of %s were not taken up", w.title)
}
