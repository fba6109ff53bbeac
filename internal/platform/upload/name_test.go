package upload

import (
	"mime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSafeName(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "résumé 2026.pdf", "résumé 2026.pdf"},
		{"other scripts stay", "履歴書.docx", "履歴書.docx"},
		{"brackets stay", "scan (2) [final] & signed'.png", "scan (2) [final] & signed'.png"},
		{"nothing", "", "file"},
		{"dots", "..", "file"},
		{"spaces", " \t ", "file"},
		{"folders", "../../etc/passwd", "passwd"},
		{"folder only", "a/b/", "file"},
		{"Windows folders", `C:\Users\x\cv.pdf`, "cv.pdf"},
		{"drive", "c:cv.pdf", "c_cv.pdf"},
		{"looks like a folder", "a⁄b∕c／d＼e.pdf", "a_b_c_d_e.pdf"},
		{"header injection", "cv.pdf\r\nSet-Cookie: a=b", "cv.pdf Set-Cookie_ a=b"},
		{"quotes", `a"; filename="b.exe`, "a__ filename=_b.exe"},
		{"percent", "a%0d%0ab%2f.pdf", "a_0d_0ab_2f.pdf"},
		{"NUL", "cv.pdf\x00.exe", "cv.pdf.exe"},
		{"escape", "\x1b[31mred\x7f\u0085.txt", "[31mred .txt"},
		{"right-to-left override", "cv\u202efdp.exe", "cvfdp.exe"},
		{"isolates and marks", "\u2066a\u2069\u200f\u061c.pdf", "a.pdf"},
		{"zero width", "a\u200b\u200d\ufeff\u2060b.pdf", "ab.pdf"},
		{"invisible letters", "\u3164\u2800\u115f\U000e0041x.pdf", "x.pdf"},
		{"line separators", "a\u2028b\u2029c.pdf", "a b c.pdf"},
		{"broken UTF-8", "a\xff\xfe.pdf", "a_.pdf"},
		{"private use", "a\ue000.pdf", "a.pdf"},
		{"hidden", ".htaccess", "htaccess"},
		{"hidden behind the invisible", "\u200b.bashrc", "bashrc"},
		{"dropped by Windows", "virus.exe. . .", "virus.exe"},
		{"wide space", "a\u00a0\u3000\u2003b.pdf", "a b.pdf"},
		{"pushed out of sight", "cv.pdf" + strings.Repeat(" ", 100) + ".exe", "cv.pdf .exe"},
		{"stream", "cv.pdf::$DATA", "cv.pdf__$DATA"},
		{"device", "con", "_con"},
		{"device with ending", "NUL.tar.gz", "_NUL.tar.gz"},
		{"port", "lpt1.pdf", "_lpt1.pdf"},
		{"port with another one", "COM¹", "_COM¹"},
		{"no device", "console.log", "console.log"},
		{"no port", "com10.pdf", "com10.pdf"},
		{"long", strings.Repeat("x", 500) + ".pdf", strings.Repeat("x", 176) + ".pdf"},
		{"long in wide characters", strings.Repeat("名", 500) + ".pdf", strings.Repeat("名", 58) + ".pdf"},
		{"long ending", "a." + strings.Repeat("x", 500), "a." + strings.Repeat("x", 178)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := SafeName(tt.in); got != tt.want {
				t.Errorf("SafeName(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestAttachment(t *testing.T) {
	for in, want := range map[string]string{
		"cv.pdf":     `attachment; filename="cv.pdf"`,
		"my cv.pdf":  `attachment; filename="my cv.pdf"`,
		"résumé.pdf": `attachment; filename="r_sum_.pdf"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf`,
		"名 'x'.pdf":  `attachment; filename="_ 'x'.pdf"; filename*=UTF-8''%E5%90%8D%20%27x%27.pdf`,
		"":           `attachment; filename="file"`,
		"a\r\nb\"":   `attachment; filename="a b_"`,
	} {
		if got := Attachment(in); got != want {
			t.Errorf("Attachment(%q) = %s, want %s", in, got, want)
		}
	}
}

// FuzzAttachment looks for a name that leaves the header, or that another
// reader of headers takes for something else.
func FuzzAttachment(f *testing.F) {
	for _, s := range []string{"cv.pdf", "résumé.pdf", "../x", "a\r\nb", "\u202e", `a"b\`, "con.txt", strings.Repeat("名", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := SafeName(s)
		if name == "" || len(name) > maxName+1 || !utf8.ValidString(name) || strings.ContainsAny(name, `/\"`) ||
			strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") {
			t.Errorf("SafeName(%q) = %q", s, name)
		}
		if again := SafeName(name); again != name {
			t.Errorf("SafeName(%q) = %q, and that becomes %q", s, name, again)
		}
		header := Attachment(s)
		for _, r := range header {
			if r > unicode.MaxASCII || r < ' ' || r == 0x7f {
				t.Fatalf("Attachment(%q) = %q", s, header)
			}
		}
		kind, params, err := mime.ParseMediaType(header)
		if err != nil || kind != "attachment" || params["filename"] != name || len(params) != 1 {
			t.Errorf("Attachment(%q) = %q, read as %q %v %v", s, header, kind, params, err)
		}
	})
}
