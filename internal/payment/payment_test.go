package payment

import (
	"slices"
	"testing"
	"time"

	"gatehouse/internal/platform/apperr"
)

func TestTidy(t *testing.T) {
	good := New{PayOn: time.Now(), Amount: " 4,250.50 ", Currency: "eur", Method: BankTransfer, State: Planned}
	if err := good.tidy(); err != nil || good.Amount != "4250.50" || good.Currency != "EUR" {
		t.Errorf("%+v, %v", good, err)
	}
	for field, change := range map[string]func(*New){
		"pay_on":   func(n *New) { n.PayOn = time.Time{} },
		"amount":   func(n *New) { n.Amount = "0.00" },
		"currency": func(n *New) { n.Currency = "euro!" },
		"method":   func(n *New) { n.Method = "pigeon" },
		"state":    func(n *New) { n.State = "lost" },
	} {
		n := good
		change(&n)
		invalid, ok := apperr.AsInvalid(n.tidy())
		if !ok || invalid.Fields[field] == "" {
			t.Errorf("%s: %v", field, invalid)
		}
	}
	for _, amount := range []string{"-5", "1e9", "1.123456789", "five", "", "1,5", "1,50", "1,2345.00", "12,34,567", ",500", "1234,567", "1.234,50"} {
		n := good
		n.Amount = amount
		if n.tidy() == nil {
			t.Errorf("amount %q passed", amount)
		}
	}
}

func TestStates(t *testing.T) {
	for _, s := range States() {
		for _, next := range s.Next() {
			if !slices.Contains(States(), next) || next == s {
				t.Errorf("%s may become %s", s, next)
			}
		}
	}
	if slices.Contains(Paid.Next(), Stopped) {
		t.Error("a paid payment cannot be stopped")
	}
	if !(Payment{State: Planned}).Unstopped() || (Payment{State: Planned, Explanation: "owed"}).Unstopped() || (Payment{State: Paid}).Unstopped() {
		t.Error("only a planned payment without an explanation is unstopped")
	}
}
