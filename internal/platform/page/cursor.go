// Package page cuts lists into pages.
//
// Lists that grow are paged by key: the query asks for the rows after a
// cursor, one more than fit, and Cut tells the page from that extra row. Short
// lists are paged by number. Both are pure: no request, no SQL.
package page

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/internal/platform/id"
)

// ErrCursor says that a text is not a cursor of the kind asked for: cut off
// on its way, altered, or of another list. Send the reader to the first page.
var ErrCursor = errors.New("not a place in this list")

// Key is what a list is sorted by, before the row's id decides between equals.
type Key interface {
	time.Time | string | int64
}

// Cursor is a place in a list: the sort key and the id (a UUID) of the row
// there, for WHERE (key, id) < ($1, $2).
type Cursor[K Key] struct {
	Key K
	ID  string
}

// A written cursor is, in base64: the version, the kind of key, the 16 bytes
// of the id, the key. It is not signed: it only names a place, and whoever
// invents one sees no more rows than the list shows them anyway.
const (
	version    = 1
	kindTime   = 't'
	kindString = 's'
	kindInt    = 'i'
	prefix     = 2 + 16
	maxString  = 1024 // bytes of a string key: a cursor travels in a URL
)

// Times that a cursor may hold, with room to spare within PostgreSQL's own.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

// String writes the cursor for a URL. Times are kept to the microsecond, as
// PostgreSQL does. Sort by no text that may exceed 1024 bytes: longer keys are
// cut, so that rows equal up to there could be shown twice or not at all. An
// id that is not a UUID is a programming error, and panics.
func (c Cursor[K]) String() string {
	row, err := id.Bytes(c.ID)
	if err != nil {
		panic("page: cursor at " + strconv.Quote(c.ID) + ": " + err.Error())
	}
	raw := append([]byte{version, 0}, row[:]...)
	switch key := any(c.Key).(type) {
	case time.Time:
		raw[1] = kindTime
		raw = binary.BigEndian.AppendUint64(raw, uint64(key.UnixMicro()))
	case int64:
		raw[1] = kindInt
		raw = binary.BigEndian.AppendUint64(raw, uint64(key))
	case string:
		raw[1] = kindString
		raw = append(raw, cutText(key, maxString)...)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Parse reads a cursor that String wrote. Whatever else it is given it answers
// with ErrCursor, and what it returns can always be sent to PostgreSQL.
func Parse[K Key](s string) (Cursor[K], error) {
	var c Cursor[K]
	// Line breaks mean nothing to the decoder, and would be further spellings of one cursor.
	if len(s) > base64.RawURLEncoding.EncodedLen(prefix+maxString) || strings.ContainsAny(s, "\r\n") {
		return c, ErrCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) < prefix || raw[0] != version {
		return c, ErrCursor
	}
	if !unpackKey(any(&c.Key), raw[1], raw[prefix:]) {
		return Cursor[K]{}, ErrCursor
	}
	c.ID = id.FromBytes([16]byte(raw[2:prefix]))
	return c, nil
}

// unpackKey sets the key behind the pointer if the bytes are one of its kind.
func unpackKey(key any, kind byte, raw []byte) bool {
	switch key := key.(type) {
	case *time.Time:
		if kind != kindTime || len(raw) != 8 {
			return false
		}
		*key = time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC()
		return !key.Before(earliest) && !key.After(latest)
	case *int64:
		if kind != kindInt || len(raw) != 8 {
			return false
		}
		*key = int64(binary.BigEndian.Uint64(raw))
		return true
	case *string:
		*key = string(raw)
		// PostgreSQL's text holds neither broken UTF-8 nor NUL.
		return kind == kindString && utf8.Valid(raw) && !strings.ContainsRune(*key, 0)
	}
	return false
}

// cutText shortens s to at most n bytes without splitting a character.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
