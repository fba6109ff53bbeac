package incident

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/catalogue"
)

// FuzzTidyValue looks for a value that a field of the dossier takes and that is not of its type, or that changes each time it
// is tidied.
func FuzzTidyValue(f *testing.F) {
	lib, err := catalogue.Load()
	if err != nil {
		f.Fatal(err)
	}
	ed := lib.Current()
	types := []string{typePhone, typeEmail, typeURL, typeHandle, typeFile, typeDate, typeEnum, typeBool, typeIP, typeWallet, "text"}
	for i, value := range []string{"+1 555 0100", "ada@example.com", "example.com/ada", "@ada", "file", "2026-11-22", "video", Yes, "203.0.113.7, 14:03 in the log",
		"0x52908400098527886E0F7030069857D2E4169EE7", "text"} {
		f.Add(i, value)
	}
	f.Add(8, "fe80::1%eth0,, x")
	f.Add(2, "javascript://a.b")
	f.Add(1, "a@b\r\nBcc: c@d")
	f.Fuzz(func(t *testing.T, kind int, value string) {
		field := &catalogue.Field{Type: types[uint(kind)%uint(len(types))]}
		tidy, err := tidyValue(ed, field, value)
		if err != nil {
			return
		}
		if again, err := tidyValue(ed, field, tidy); err != nil || again != tidy {
			t.Errorf("%s: %q became %q, and that %q, %v", field.Type, value, tidy, again, err)
		}
		if tidy == "" || len(tidy) > maxValue+len("https://") || strings.ContainsRune(tidy, 0) {
			t.Errorf("%s: taken: %q", field.Type, tidy)
		}
		switch field.Type {
		case typeURL:
			if u, err := url.Parse(tidy); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
				t.Errorf("taken as an address of the web: %q", tidy)
			}
		case typeIP:
			if address, _, _ := strings.Cut(tidy, " "); !netip.MustParseAddr(address).IsValid() {
				t.Errorf("taken as an address: %q", tidy)
			}
		case typeEmail, typeHandle, typeWallet:
			if strings.ContainsAny(tidy, "\r\n") {
				t.Errorf("%s: taken: %q", field.Type, tidy)
			}
		}
	})
}
