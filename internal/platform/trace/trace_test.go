package trace

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestErrorsAreNamedWithoutTheirWords(t *testing.T) {
	for want, err := range map[string]error{
		"23505":    fmt.Errorf("add: %w", &pgconn.PgError{Code: "23505", Detail: "Key (email)=(ada@example.com) already exists."}),
		"canceled": fmt.Errorf("read: %w", context.Canceled),
		"timeout":  &url.Error{Op: "Get", URL: "https://bucket/ada.txt", Err: context.DeadlineExceeded},
		"network":  &net.OpError{Op: "dial", Err: errors.New("connection refused")},
		"other":    errors.New("ada@example.com is not known"),
	} {
		if got := kind(err); got != want {
			t.Errorf("%v is named %q, want %q", err, got, want)
		}
	}
}

func TestOperationIsTheFirstWord(t *testing.T) {
	for sql, want := range map[string]string{
		"\n\t\tSELECT a FROM b": "SELECT", "commit": "COMMIT", "(SELECT 1)": "statement", "": "statement",
	} {
		if got := operation(sql); got != want {
			t.Errorf("%q is named %q, want %q", sql, got, want)
		}
	}
}
