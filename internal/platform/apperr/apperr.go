// Package apperr gives an error a kind, which decides the HTTP status, and a message written for the person who
// caused it. The cause stays underneath for the log. It owns no tables.
package apperr

import (
	"errors"
	"fmt"
	"maps"
	"sort"
	"strings"
	"time"
)

// Kind says what sort of failure an error is. The zero value is an internal failure.
type Kind int

// The kinds, each with the status that web/errors.go answers.
const (
	Internal        Kind = iota // 500: ours; logged, shown as a neutral page
	NotFound                    // 404: does not exist, or is not yours to see
	InvalidInput                // 422: with messages at the fields
	Stale                       // 409: somebody else changed it meanwhile, or the state forbids it
	Denied                      // 403: a permission is missing
	Unauthenticated             // 303 to the sign-in page, 401 under /api
	Oversize                    // 413
	Limited                     // 429, with Retry-After
	Damaged                     // 409: what was kept is no longer what it was
)

// Error is an error with a kind and a message for people.
type Error struct {
	Kind    Kind
	Message string
	// Fields maps a form field's name to its message; only for InvalidInput.
	Fields map[string]string
	// RetryAfter is how long to wait; only for Limited.
	RetryAfter time.Duration
	cause      error
}

// Error returns the message followed by field messages and cause, for logs.
func (e *Error) Error() string {
	var b strings.Builder
	message := e.Message
	if len(e.Fields) > 0 {
		message = strings.TrimSuffix(message, ".")
	}
	b.WriteString(message)
	names := make([]string, 0, len(e.Fields))
	for name := range e.Fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(&b, "; %s: %s", name, e.Fields[name])
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	return b.String()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Missing is a NotFound error: what names the thing looked for ("job", "case").
func Missing(what string) error {
	return &Error{Kind: NotFound, Message: "This " + what + " does not exist, or is not yours to see."}
}

// Conflict is a Stale error with a message for people.
func Conflict(format string, args ...any) error {
	return &Error{Kind: Stale, Message: fmt.Sprintf(format, args...)}
}

// Forbidden is a Denied error with a message for people.
func Forbidden(format string, args ...any) error {
	return &Error{Kind: Denied, Message: fmt.Sprintf(format, args...)}
}

// TooLarge is an Oversize error with a message for people.
func TooLarge(format string, args ...any) error {
	return &Error{Kind: Oversize, Message: fmt.Sprintf(format, args...)}
}

// RateLimited is a Limited error: try again after the given time.
func RateLimited(after time.Duration) error {
	return &Error{Kind: Limited, Message: "Too many attempts. Wait a moment, then try again.", RetryAfter: after}
}

// SignIn is an Unauthenticated error.
func SignIn() error { return &Error{Kind: Unauthenticated, Message: "Sign in to continue."} }

// With gives err a kind and a message for people and keeps it as the cause.
func With(err error, kind Kind, message string) error {
	return &Error{Kind: kind, Message: message, cause: err}
}

// KindOf returns the kind of the outermost Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// As returns the outermost Error in err's chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// AsInvalid returns the outermost Error in err's chain if it is about invalid input.
func AsInvalid(err error) (*Error, bool) {
	e, ok := As(err)
	return e, ok && e.Kind == InvalidInput
}

// Problems collects messages at fields. The zero value is ready to use.
type Problems struct{ fields map[string]string }

// Add notes a message at a field; the first message at a field stays.
func (p *Problems) Add(field, format string, args ...any) {
	if p.fields == nil {
		p.fields = map[string]string{}
	}
	if _, there := p.fields[field]; !there {
		p.fields[field] = fmt.Sprintf(format, args...)
	}
}

// Check adds the message at field unless ok.
func (p *Problems) Check(ok bool, field, format string, args ...any) {
	if !ok {
		p.Add(field, format, args...)
	}
}

// Err returns an InvalidInput error with the collected messages, or nil if there are none.
func (p *Problems) Err() error {
	if len(p.fields) == 0 {
		return nil
	}
	return &Error{Kind: InvalidInput, Message: "Some fields need another look.", Fields: p.fields}
}

// Invalid is an InvalidInput error with one message at one field.
func Invalid(field, format string, args ...any) error {
	var p Problems
	p.Add(field, format, args...)
	return p.Err()
}

// Both is what is wrong in two parts of one form, so that nobody learns of it in instalments: the messages at the fields of
// both where both are InvalidInput, else the first error there is.
func Both(a, b error) error {
	first, ok := AsInvalid(a)
	second, also := AsInvalid(b)
	switch {
	case a == nil:
		return b
	case !ok || !also:
		return a
	}
	p := Problems{fields: maps.Clone(first.Fields)}
	for field, message := range second.Fields {
		p.Add(field, "%s", message)
	}
	return p.Err()
}
