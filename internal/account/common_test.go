package account

import (
	"bytes"
	"strings"
	"testing"
)

func TestWhatIsTriedFirstIsTooCommon(t *testing.T) {
	t.Parallel()
	about := []string{"Amina Marchetti", "a.marchetti@example.com"}
	for _, password := range []string{"password1234", "P@ssw0rd2026!", "qwertyuiop12", "aaaaaaaaaaaa", "123456789012", "098765432109", "Welcome-Welcome-1", "1qaz2wsx3edc",
		"Gatehouse2026!", "amina.marchetti", "Marchetti-1987", "iloveyou1234", "summer...winter", "zxcvbnm,./asdf", "AdminAdmin99", "letmein letmein",
		"testtesttest", "abababababab", "q1w2e3r4t5y6", "1q2w3e4r5t6y", "qwertzuiopas", "йцукенгшщзхъ", "thisismypassword", "mypassword123", "december2026",
		"monday123456", "ilovegatehouse", "pässwörd1234", "ｐａｓｓｗｏｒｄ１２３４", "пароль123456", "a.marchetti@example.com", "correct horse battery staple"} {
		if !tooCommon(password, about...) {
			t.Errorf("%q passes", password)
		}
	}
	for _, password := range []string{"open-the-gatehouse", "cold harbour, tin roof", "a long test password", "long enough pass", "Bergen, rainy since May", "tR7#kq9!mZ2w",
		"dragon over the monkey bridge", "密码不是这样的东西吧真的", "🦔🧭🪵🫖🎻🧦🪁🥨🛶🧲🪕🦉", "Пароль которого нет"} {
		if tooCommon(password, about...) {
			t.Errorf("%q is refused", password)
		}
	}
}

func TestWhatWasStolenOftenIsTooCommon(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"LeaveMeAlone", "sonyericsson", "Mailcreated5240", "ghjcnjgfhjkm", "entrepreneur", "Sonyericsson!"} {
		if !tooCommon(password) {
			t.Errorf("%q passes", password)
		}
	}
	if leaked("a kettle nobody named") {
		t.Error("what was never stolen is refused")
	}
	if n := len(leakedList) / leakedBytes; n < 40_000 || n*leakedBytes != len(leakedList) {
		t.Errorf("%d hashes and %d bytes", n, len(leakedList)%leakedBytes)
	}
	for i := leakedBytes; i < len(leakedList); i += leakedBytes {
		if bytes.Compare(leakedList[i-leakedBytes:i], leakedList[i:i+leakedBytes]) >= 0 {
			t.Fatalf("entry %d is out of order", i/leakedBytes)
		}
	}
}

func TestOnePasswordWrittenInSeveralWays(t *testing.T) {
	t.Parallel()
	if prepared("cafe\u0301 au lait") != prepared("caf\u00e9 au lait") || prepared("a\x00b") != "ab" || prepared("plain") != "plain" {
		t.Error("the same password is not one")
	}
}

func TestTheListIsTidy(t *testing.T) {
	t.Parallel()
	last := ""
	for word := range strings.Lines(commonList) {
		word = strings.TrimSuffix(word, "\n")
		if word <= last || word != strings.ToLower(word) || strings.ContainsFunc(word, notWord) {
			t.Errorf("%q after %q", word, last)
		}
		last = word
	}
}
