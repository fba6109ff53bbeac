package factor

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// RFC 6238, appendix B, has eight digits; the last six are what six digits show.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	t.Parallel()
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // "12345678901234567890"
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"} {
		if got := stepOf(secret, code, time.Unix(at, 0), 0); got != at/30 {
			t.Errorf("%s at %d: step %d, want %d", code, at, got, at/30)
		}
	}
}

func TestACodeCountsAroundItsTimeAndOnce(t *testing.T) {
	t.Parallel()
	made, err := newSecret("a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_015, 0)
	code := codeAt(t, made.Secret, now)
	for _, c := range []struct {
		name  string
		later time.Duration
		last  int64
		want  bool
	}{
		{"now", 0, 0, true},
		{"a step later", step, 0, true},
		{"a step before", -step, 0, true},
		{"two steps later", 2 * step, 0, false},
		{"two steps before", -2 * step, 0, false},
		{"used already", 0, now.Unix() / 30, false},
		{"another used before", 0, now.Unix()/30 - 1, true},
	} {
		if got := stepOf(made.Secret, code, now.Add(c.later), c.last) != 0; got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if stepOf(made.Secret, "", now, 0) != 0 || stepOf(made.Secret, "0", now, 0) != 0 {
		t.Error("an empty or short code counts")
	}
}

func TestAnEnrolmentSaysTheSameAgain(t *testing.T) {
	t.Parallel()
	made, err := newSecret("ada berg@example.com")
	if err != nil {
		t.Fatal(err)
	}
	again, err := enrolmentOf(made.Secret, "ada berg@example.com")
	if err != nil || again.Secret != made.Secret || again.URI != made.URI {
		t.Errorf("again %+v, first %+v, error %v", again, made, err)
	}
	image, err := made.Image()
	if err != nil || !strings.HasPrefix(image, "data:image/png;base64,iVBOR") {
		t.Errorf("image %.40q, error %v", image, err)
	}
}

func TestRecoveryCodesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, code := range newRecoveryCodes() {
		if len(code) != 11 || seen[code] || strings.ContainsAny(code, "ILOU") {
			t.Errorf("code %q", code)
		}
		seen[code] = true
		for _, written := range []string{strings.ToLower(code), " " + code + " ", strings.ReplaceAll(code, "-", " "), strings.ReplaceAll(strings.ReplaceAll(code, "0", "o"), "1", "l")} {
			if string(hashOf(nil, "u", written)) != string(hashOf(nil, "u", code)) {
				t.Errorf("%q is not read as %q", written, code)
			}
		}
	}
	if !isTime(plain(" 123 456 ")) || isTime(plain("12345A")) || isTime(plain("1234567")) {
		t.Error("codes of the authenticator are not told apart")
	}
}
