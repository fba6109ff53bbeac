package payment

import (
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"
)

// FuzzAmount looks for an amount that is taken for another than a person would read.
func FuzzAmount(f *testing.F) {
	for _, s := range []string{"4,250.00", "4250.5", "1,5", "0.00", "1e9", "-1", "٣", " 7 ", "999999999999.99999999", "1,234,567", "12,34"} {
		f.Add(s, "eur")
	}
	plain := regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,8})?$`)
	f.Fuzz(func(t *testing.T, amount, currency string) {
		n := New{PayOn: time.Unix(0, 1), Amount: amount, Currency: currency, Method: Card, State: Planned}
		if n.tidy() != nil {
			return
		}
		value, ok := new(big.Rat).SetString(n.Amount)
		typed, read := new(big.Rat).SetString(strings.ReplaceAll(strings.TrimSpace(amount), ",", ""))
		if !plain.MatchString(n.Amount) || !ok || !read || value.Sign() <= 0 || value.Cmp(typed) != 0 {
			t.Fatalf("%q became %q", amount, n.Amount)
		}
		once := n
		if err := n.tidy(); err != nil || n != once {
			t.Fatalf("%+v became %+v, %v", once, n, err)
		}
	})
}
