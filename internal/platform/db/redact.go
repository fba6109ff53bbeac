package db

import (
	"errors"
	"log/slog"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// quoted is what a message of PostgreSQL names between quotation marks.
var quoted = regexp.MustCompile(`"(?s:.*)"`)

// Redact is a ReplaceAttr of a log's handler. An error of the database about a value that somebody sent (SQLSTATE class 22, as
// of text where a number belongs) repeats the value: it is taken out, and the rest of the error stays.
func Redact(_ []string, a slog.Attr) slog.Attr {
	err, is := a.Value.Any().(error)
	var pg *pgconn.PgError
	if is && errors.As(err, &pg) && strings.HasPrefix(pg.Code, "22") {
		a.Value = slog.StringValue(strings.ReplaceAll(err.Error(), pg.Message, quoted.ReplaceAllString(pg.Message, `"…"`)))
	}
	return a
}
