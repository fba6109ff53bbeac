package account

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// commonList holds what people choose and others try first, a word a line, in lower case.
//
//go:embed common.txt
var commonList string

var commonWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.Lines(commonList) {
		words[strings.TrimSpace(word)] = true
	}
	return words
})

// leakedList holds all passwords of twelve characters or more among the million that occur most often in what was stolen elsewhere
// (Mark Burnett's ten million, which are in the public domain): of each, in lower case, the first bytes of its SHA-256, in their order.
//
//go:embed leaked.bin
var leakedList []byte

// leakedBytes is how much is kept of each hash: enough that one password in twenty million is refused by chance.
const leakedBytes = 5

// leaked reports whether a password is one of those.
func leaked(password string) bool {
	hash := sha256.Sum256([]byte(strings.ToLower(password)))
	entry := func(i int) []byte { return leakedList[i*leakedBytes : (i+1)*leakedBytes] }
	n := len(leakedList) / leakedBytes
	i := sort.Search(n, func(i int) bool { return bytes.Compare(entry(i), hash[:leakedBytes]) >= 0 })
	return i < n && bytes.Equal(entry(i), hash[:leakedBytes])
}

// sequences are what fingers type along: a piece of one, in either direction, is worth nothing.
var sequences = []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
	"1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"}

// fewWords is of how many common words, and none else, a password must not be made.
const fewWords = 2

// tooCommon reports whether a password is one that was stolen often, with or without signs around it, or consists of nothing but what is tried first: one or two
// common words, or words about its owner and this program, with figures, repetitions and rows of the keyboard around them, however
// it is capitalised and whatever signs stand for letters (NIST SP 800-63B-4, 3.1.1.2: values known to be common, expected or
// compromised).
func tooCommon(password string, about ...string) bool {
	if leaked(password) || leaked(strings.TrimFunc(password, notWord)) {
		return true
	}
	known := map[string]bool{"gatehouse": true}
	for _, text := range about {
		known[strings.Map(wordOnly, strings.ToLower(text))] = true
		for _, word := range strings.FieldsFunc(strings.ToLower(text), notWord) {
			if len(word) >= 3 {
				known[word] = true
			}
		}
	}
	written := strings.Map(plainLetter, norm.NFKD.String(strings.ToLower(password)))
	middle := strings.TrimFunc(written, func(r rune) bool { return !unicode.IsLetter(r) }) // a year behind it is no word
	for _, text := range []string{written, asLetters.Replace(written), asLetters.Replace(middle)} {
		if text != "" && words(once(strings.Map(wordOnly, text)), known) <= fewWords {
			return true
		}
	}
	return false
}

// asLetters reads signs as the letters they stand for.
var asLetters = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// wordOnly leaves out the signs of every keyboard: they are put between words, or behind.
func wordOnly(r rune) rune {
	if r <= unicode.MaxASCII && notWord(r) {
		return -1
	}
	return r
}

// plainLetter leaves out the marks on letters that are taken apart.
func plainLetter(r rune) rune {
	if unicode.Is(unicode.Mn, r) {
		return -1
	}
	return r
}

// once is what a text repeats, if it is nothing but that again and again.
func once(text string) string {
	for size := 1; size <= len(text)/2; size++ {
		if len(text)%size == 0 && strings.Repeat(text[:size], len(text)/size) == text {
			return text[:size]
		}
	}
	return text
}

// words is of how many words a text is made at least, where a character that belongs to none counts as one, and figures up to
// four, repetitions and sequences as none.
func words(text string, known map[string]bool) int {
	runes := []rune(text)
	least := make([]int, len(runes)+1)
	for end := 1; end <= len(runes); end++ {
		least[end] = least[end-1] + 1
		for begin := end - 1; begin >= 0; begin-- {
			piece := string(runes[begin:end])
			switch {
			case worthless(runes[begin:end]):
				least[end] = min(least[end], least[begin])
			case known[piece] || commonWords()[piece]:
				least[end] = min(least[end], least[begin]+1)
			}
		}
	}
	return least[len(runes)]
}

// worthless reports whether a piece is one to four figures, one character again and again, or part of a sequence.
func worthless(piece []rune) bool {
	text := string(piece)
	if len(piece) <= 4 && strings.Trim(text, "0123456789") == "" {
		return true
	}
	if len(piece) < 3 {
		return false
	}
	if strings.Trim(text, string(piece[0])) == "" {
		return true
	}
	for _, s := range sequences {
		if strings.Contains(s, text) || strings.Contains(s, reversed(piece)) {
			return true
		}
	}
	return false
}

func reversed(piece []rune) string {
	out := make([]rune, len(piece))
	for i, r := range piece {
		out[len(piece)-1-i] = r
	}
	return string(out)
}
