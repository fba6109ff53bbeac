package audit

import (
	"encoding/hex"
	"testing"

	"gatehouse/internal/platform/db"
)

// FuzzCheck looks for a claim that is said to be what a commitment stands for and is another.
func FuzzCheck(f *testing.F) {
	salt, old := []byte("0123456789abcdef"), "Ada Berg"
	change := db.Change{Field: "name", Old: &old}
	entry := Entry{Commitments: map[string]string{"name": hex.EncodeToString(db.Commitment(salt, change)), "odd": "zz"}}
	f.Add("name", hex.EncodeToString(salt), "Ada Berg", "", false, true)
	f.Add("name", hex.EncodeToString(salt), "Ada Berg", "", false, false)
	f.Add("name", " 00", "", "", true, true)
	f.Add("odd", "", "x", "y", false, false)
	f.Fuzz(func(t *testing.T, field, salt, was, is string, oldNone, newNone bool) {
		proves, err := entry.Check(Claim{Field: field, Salt: salt, Old: was, New: is, OldNone: oldNone, NewNone: newNone})
		if proves && (err != nil || field != "name" || was != old || oldNone || !newNone) {
			t.Errorf("%q: %q to %q is said to be it, %v", field, was, is, err)
		}
	})
}
