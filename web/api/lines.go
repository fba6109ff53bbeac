package api

import (
	"bytes"
	"errors"
	"time"

	"github.com/goccy/go-json"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/signal"
)

// event is a line as it is sent.
type event struct {
	Source     string          `json:"source"`
	ExternalID string          `json:"external_id"`
	OccurredAt string          `json:"occurred_at"`
	Signal     string          `json:"signal"`
	Person     string          `json:"person"`
	Account    string          `json:"account"`
	Detail     json.RawMessage `json:"detail"`
}

// parse reads a body into lines, which it appends to into. A line that cannot be read becomes one with a Problem. A
// body that is a single object may be spread over many lines.
func parse(body []byte, into []signal.Line) ([]signal.Line, error) {
	body = bytes.TrimPrefix(body, byteOrderMark) // some systems begin their files with it
	if trimmed := bytes.TrimSpace(body); spread(trimmed) {
		return append(into, read(1, trimmed)), nil
	}
	for number := 1; len(body) > 0; number++ {
		var raw []byte
		raw, body, _ = bytes.Cut(body, newline)
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			continue
		}
		if len(into) == signal.MaxLines {
			return into, apperr.TooLarge("More than %d lines. Send them in several requests.", signal.MaxLines)
		}
		into = append(into, read(number, raw))
	}
	if len(into) == 0 {
		return into, apperr.Invalid("body", "Send one JSON object, or one to a line.")
	}
	return into, nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

var newline = []byte{'\n'}

// spread reports whether a body is one object over several lines: its first line is none, but the whole is.
func spread(body []byte) bool {
	first, _, several := bytes.Cut(body, newline)
	return several && !json.Valid(first) && json.Valid(body)
}

// read reads one line.
func read(number int, raw []byte) signal.Line {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return signal.Line{Number: number, Problem: unread(err)}
	}
	line := signal.Line{Number: number, Source: e.Source, ExternalID: e.ExternalID, SignalID: e.Signal,
		Person: e.Person, Account: e.Account}
	if !bytes.Equal(e.Detail, null) {
		line.Detail = e.Detail
	}
	at, err := time.Parse(time.RFC3339, e.OccurredAt)
	if err != nil {
		line.Problem = "occurred_at: a time such as 2026-11-22T14:03:00Z"
	}
	line.OccurredAt = at
	return line
}

var null = []byte("null")

// unread says what is wrong with a line without repeating any of it.
func unread(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return wrong.Field + ": has the wrong type"
	}
	return "not a JSON object with the fields of a signal"
}
