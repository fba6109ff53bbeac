package claim

import (
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/seal"
)

// AccountKind says what a text names that money can go to.
type AccountKind string

// The kinds. NoAccount is a text that names none, such as "by bank transfer".
const (
	NoAccount AccountKind = ""
	Wallet    AccountKind = "wallet"
	Bank      AccountKind = "bank"
)

var (
	walletPattern = regexp.MustCompile(`\b(0x[0-9a-fA-F]{40}|bc1[0-9a-z]{20,80}|[13T][1-9A-HJ-NP-Za-km-z]{25,40})\b`)
	ibanPattern   = regexp.MustCompile(`\b[A-Za-z]{2}[0-9]{2}(?:[ -]?[0-9A-Za-z]{4}){2,7}(?:[ -]?[0-9A-Za-z]{1,3})?\b`)
)

// leastDigits is how many digits an account number has at least: fewer may be a date or an amount.
const leastDigits = 6

// Account finds the bank account or wallet that a text names, in the form in which two spellings are equal.
func Account(text string) (kind AccountKind, plain string) {
	if found := walletPattern.FindString(text); found != "" {
		return Wallet, strings.ToUpper(found)
	}
	for _, found := range ibanPattern.FindAllString(text, -1) {
		if number := iban(Plain(found)); number != "" {
			return Bank, number
		}
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	if len(digits) < leastDigits {
		return NoAccount, ""
	}
	return Bank, digits
}

// shortestIBAN is how long an IBAN is at least (ISO 13616).
const shortestIBAN = 15

// iban is the beginning of the text whose check digits are right: words may follow the number.
func iban(text string) string {
	for end := len(text); end >= shortestIBAN; end-- {
		rest := 0
		for _, r := range text[4:end] + text[:4] {
			if r >= 'A' {
				rest = (rest*100 + int(r-'A') + 10) % 97
			} else {
				rest = (rest*10 + int(r-'0')) % 97
			}
		}
		if rest == 1 {
			return text[:end]
		}
	}
	return ""
}

// Plain is a number of a document or account however it was spaced or cased: its letters and digits.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, text)
}

// Accounts makes match keys of bank accounts and wallets, by which the same one is found wherever it is written: keyed hashes, of
// no use to whoever reads the table.
type Accounts struct {
	blind seal.Blind
}

// NewAccounts returns the match keys of the installation that people belongs to.
func NewAccounts(people *person.Service) Accounts { return Accounts{people.Blind("accounts")} }

// Key is the match key of the account that a text names; empty where it names none.
func (a Accounts) Key(text string) string {
	kind, plain := Account(text)
	if kind == NoAccount {
		return ""
	}
	return "account:" + hex.EncodeToString(a.blind.Index(plain))
}
