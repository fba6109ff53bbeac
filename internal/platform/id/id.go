// Package id makes the identifiers of rows: UUIDs of version 7, which sort by
// the time they were made, so that new rows land at the end of an index.
//
// Features give them types of their own (type ID string); this package knows
// only the text.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"
)

// ErrMalformed says that a text is not a UUID.
var ErrMalformed = errors.New("malformed identifier")

// process is the generator behind New.
var process = generator{now: time.Now}

// New returns a fresh identifier in canonical form. Within one process each
// is greater than the one before, even when the clock is set back.
func New() string { return process.next() }

// Ago returns the smallest identifier of so long ago, by the clock that New reads: what New has made since is greater.
func Ago(d time.Duration) string {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], uint64(max(process.now().Add(-d).UnixMilli(), 0))<<16|0x7000)
	u[8] = 0x80
	return FromBytes(u)
}

// Parse checks that s is a UUID in its 36-character form and returns it in
// lower case. Any version is taken: what matters is that PostgreSQL will.
func Parse(s string) (string, error) {
	if _, err := Bytes(s); err != nil {
		return "", err
	}
	return strings.ToLower(s), nil
}

// Bytes returns the 16 bytes that the text of a UUID stands for.
func Bytes(s string) ([16]byte, error) {
	var u [16]byte
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, ErrMalformed
	}
	for i, at := range places {
		high, low := digits[s[at]], digits[s[at+1]]
		if high > 15 || low > 15 {
			return [16]byte{}, ErrMalformed
		}
		u[i] = high<<4 | low
	}
	return u, nil
}

// places are where in the text the bytes stand.
var places = [16]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// digits is the value of each hexadecimal digit, and above 15 for every other byte.
var digits = func() (all [256]byte) {
	for c := range all {
		all[c] = 0xff
	}
	for i := range byte(16) {
		all["0123456789abcdef"[i]], all["0123456789ABCDEF"[i]] = i, i
	}
	return all
}()

// FromBytes is the inverse of Bytes: the canonical text of a UUID.
func FromBytes(u [16]byte) string {
	var s [36]byte
	hex.Encode(s[:8], u[:4])
	hex.Encode(s[9:13], u[4:6])
	hex.Encode(s[14:18], u[6:8])
	hex.Encode(s[19:23], u[8:10])
	hex.Encode(s[24:], u[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// generator hands out identifiers from one clock.
type generator struct {
	now  func() time.Time
	mu   sync.Mutex
	last uint64
}

// tick returns the time in units of 1/4096 ms, always past the previous
// answer. UUIDv7 has 48 bits for milliseconds and 12 free ones beside them:
// RFC 9562 (6.2, method 3) lets them hold the fraction, which makes the first
// 60 time bits one number that can be pushed forward when calls come too fast
// or the clock goes back.
func (g *generator) tick() uint64 {
	now := g.now()
	ms := uint64(now.UnixMilli())
	fraction := uint64(now.Nanosecond()%int(time.Millisecond)) << 12 / uint64(time.Millisecond)

	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = max(ms<<12|fraction, g.last+1)
	return g.last
}

func (g *generator) next() string {
	t := g.tick()
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], t>>12<<16|0x7000|t&0xfff)
	rand.Read(u[8:]) // never fails: crypto/rand ends the program instead
	u[8] = u[8]&0x3f | 0x80
	return FromBytes(u)
}
