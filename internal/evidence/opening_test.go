package evidence_test

import (
	"strings"
	"testing"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
)

func TestOpeningAsksForAReasonWherePolicySays(t *testing.T) {
	w := setup(t)
	items := map[catalogue.Sensitivity]evidence.ID{}
	for _, s := range evidence.Sensitivities() {
		a := w.add()
		a.Sensitivity = string(s)
		items[s] = w.file(w.hr, a, "content")
	}
	for _, c := range []struct {
		from catalogue.Sensitivity
		asks []catalogue.Sensitivity
	}{
		{"", []catalogue.Sensitivity{"special"}}, // as installed
		{"never", nil},
		{"personal", []catalogue.Sensitivity{"personal", "special"}},
		{"normal", []catalogue.Sensitivity{"normal", "personal", "special"}},
	} {
		if c.from != "" {
			policy, err := w.s.Policy(t.Context())
			if err == nil {
				err = w.s.SetPolicy(t.Context(), w.hr, evidence.Policy{ReasonFrom: c.from, Version: policy.Version})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for s, itemID := range items {
			asks := false
			for _, a := range c.asks {
				asks = asks || a == s
			}
			touches := len(w.custody(itemID))
			for _, how := range []evidence.Touch{evidence.Viewed, evidence.Downloaded} {
				_, content, err := w.s.Open(t.Context(), w.hr, itemID, evidence.Opening{How: how, Reason: " \t"})
				invalid, ok := apperr.AsInvalid(err)
				if asks && (!ok || invalid.Fields["reason"] == "") || !asks && err != nil {
					t.Errorf("policy %q, %s, %s without a reason: %v", c.from, s, how, err)
				}
				if err == nil {
					content.Close()
				}
			}
			if asks && len(w.custody(itemID)) != touches {
				t.Errorf("policy %q: a refused opening of %s is in custody", c.from, s)
			}
			for _, o := range []struct {
				actor authz.Actor
				evidence.Opening
			}{
				{w.hr, evidence.Opening{How: evidence.Viewed, Reason: "To compare it."}}, {w.hr, evidence.Opening{How: evidence.Exported}},
				{authz.System("test"), evidence.Opening{How: evidence.Viewed}},
			} {
				_, content, err := w.s.Open(t.Context(), o.actor, itemID, o.Opening)
				if err != nil {
					t.Errorf("policy %q, %s, %v: %v", c.from, s, o.Opening, err)
					continue
				}
				content.Close()
			}
		}
	}
	_, _, err := w.s.Open(t.Context(), w.hr, items["normal"], evidence.Opening{How: evidence.Viewed, Reason: strings.Repeat("x", 501)})
	wantKind(t, err, apperr.InvalidInput)

	events, err := w.s.Custody(t.Context(), w.hr, items["special"])
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, e := range events {
		if e.Reason == "To compare it." && e.Action == evidence.Viewed {
			said++
		}
	}
	if said != 4 {
		t.Errorf("custody has the reason %d times, want 4: %+v", said, events)
	}
	if n := w.count(`SELECT count(*) FROM audit_values v JOIN audit_entries e ON e.id = v.entry_id
		WHERE e.action = 'evidence.viewed' AND v.field = 'reason' AND v.new = 'To compare it.'`); n != 12 {
		t.Errorf("the log has %d reasons, want 12", n)
	}
}

func TestPolicyOfOpening(t *testing.T) {
	w := setup(t)
	wantKind(t, w.s.SetPolicy(t.Context(), w.hr, evidence.Policy{ReasonFrom: "sometimes", Version: 1}), apperr.InvalidInput)
	if err := w.s.SetPolicy(t.Context(), w.hr, evidence.Policy{ReasonFrom: evidence.Never, Version: 1}); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.s.SetPolicy(t.Context(), w.hr, evidence.Policy{ReasonFrom: "special", Version: 1}), apperr.Stale)
	if n := w.count(`SELECT count(*) FROM audit_entries WHERE action = 'opening_policy.set' AND detail->>'from' = 'special' AND detail->>'to' = 'never'`); n != 1 {
		t.Errorf("%d entries tell of the policy", n)
	}
}
