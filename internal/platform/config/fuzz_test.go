package config

import (
	"strconv"
	"testing"
)

// FuzzBytesOf looks for a size that is read as another.
func FuzzBytesOf(f *testing.F) {
	for _, s := range []string{"2GiB", "500 MiB", "1", "0", "-1KiB", "9223372036854775807", "4611686018427387904GiB", "GiB", "1e3", "MiBKiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := bytesOf(s)
		if err != nil {
			return
		}
		if again, err := bytesOf(strconv.FormatInt(n, 10)); n <= 0 || err != nil || again != n {
			t.Errorf("%q is %d bytes, which is read as %d, %v", s, n, again, err)
		}
	})
}
