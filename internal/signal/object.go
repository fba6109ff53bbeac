package signal

import (
	"unicode/utf8"
)

// What a detail may hold at most, so that the database can take it: deeper nesting or longer numbers than these are
// nobody's telemetry.
const (
	maxDepth  = 16
	maxNumber = 40
)

// storable reports whether raw is one JSON object that PostgreSQL's jsonb takes. That is narrower than JSON: no NUL,
// no half of a surrogate pair, no number beyond reason. One line that it refuses would cost the whole batch, so what
// is let through here must not fail there.
func storable(raw []byte) bool {
	s := scanner{raw: raw}
	s.space()
	if s.peek() != '{' || !s.object(0) {
		return false
	}
	s.space()
	return s.at == len(raw)
}

// scanner walks over JSON. Its methods report whether what they name stands at the present place, and pass it.
type scanner struct {
	raw []byte
	at  int
}

func (s *scanner) peek() byte {
	if s.at >= len(s.raw) {
		return 0
	}
	return s.raw[s.at]
}

func (s *scanner) space() {
	for s.at < len(s.raw) {
		switch s.raw[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) literal(word string) bool {
	if len(s.raw)-s.at < len(word) || string(s.raw[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

func (s *scanner) value(depth int) bool {
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.list(depth, ']', func() bool { return s.value(depth + 1) })
	case c == '"':
		return s.text()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.number()
}

func (s *scanner) object(depth int) bool {
	return s.list(depth, '}', func() bool {
		if s.peek() != '"' || !s.text() {
			return false
		}
		s.space()
		if s.peek() != ':' {
			return false
		}
		s.at++
		s.space()
		return s.value(depth + 1)
	})
}

// list passes a bracket, elements between commas, and the closing bracket.
func (s *scanner) list(depth int, closing byte, element func() bool) bool {
	if depth >= maxDepth {
		return false
	}
	s.at++
	s.space()
	if s.peek() == closing {
		s.at++
		return true
	}
	for element() {
		s.space()
		switch s.peek() {
		case ',':
			s.at++
			s.space()
		case closing:
			s.at++
			return true
		default:
			return false
		}
	}
	return false
}

func (s *scanner) text() bool {
	s.at++
	for s.at < len(s.raw) {
		switch c := s.raw[s.at]; {
		case c == '"':
			s.at++
			return true
		case c == '\\':
			if !s.escape() {
				return false
			}
		case c < ' ':
			return false
		case c < utf8.RuneSelf:
			s.at++
		default:
			r, size := utf8.DecodeRune(s.raw[s.at:])
			if r == utf8.RuneError && size == 1 {
				return false
			}
			s.at += size
		}
	}
	return false
}

func (s *scanner) escape() bool {
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return true
	case 'u':
	default:
		return false
	}
	unit, ok := s.unit()
	if !ok || unit == 0 || unit >= 0xdc00 && unit <= 0xdfff {
		return false
	}
	if unit < 0xd800 || unit > 0xdbff {
		return true
	}
	if !s.literal(`\`) || s.peek() != 'u' {
		return false
	}
	low, ok := s.unit()
	return ok && low >= 0xdc00 && low <= 0xdfff
}

// unit passes uXXXX and returns its value.
func (s *scanner) unit() (value int, ok bool) {
	if len(s.raw)-s.at < 5 {
		return 0, false
	}
	for _, c := range s.raw[s.at+1 : s.at+5] {
		value <<= 4
		switch {
		case '0' <= c && c <= '9':
			value |= int(c - '0')
		case 'a' <= c && c <= 'f':
			value |= int(c-'a') + 10
		case 'A' <= c && c <= 'F':
			value |= int(c-'A') + 10
		default:
			return 0, false
		}
	}
	s.at += 5
	return value, true
}

func (s *scanner) number() bool {
	start := s.at
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if !s.digits() {
		return false
	}
	if s.peek() == '.' {
		s.at++
		if !s.digits() {
			return false
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		exponent := s.at
		if !s.digits() || s.at-exponent > 3 {
			return false
		}
	}
	return s.at-start <= maxNumber
}

func (s *scanner) digits() bool {
	start := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > start
}
