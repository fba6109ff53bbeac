// Package factor owns what people prove themselves with beside a password: the tables authenticators, passkeys,
// recovery_codes and factor_roles. Which session has proved what is internal/signin's.
package factor

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"image/png"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"gatehouse/internal/account"
)

const (
	// step is how long a code is shown, skew how many steps a clock may be off either way (RFC 6238, 5.2).
	step = 30 * time.Second
	skew = 1
	// issuer names the account in the authenticator's list.
	issuer = "Gatehouse"
)

// RecoveryCodes is how many a person is given at a time.
const RecoveryCodes = 10

// State is what somebody has to prove themselves with.
type State struct {
	// Authenticator is since when they have one; nil without.
	Authenticator *time.Time
	// Passkeys is how many they have.
	Passkeys int
	// RecoveryLeft is how many recovery codes are unused.
	RecoveryLeft int
}

// Any reports whether there is a second factor at all. Recovery codes alone are none.
func (s State) Any() bool { return s.Authenticator != nil || s.Passkeys > 0 }

// Mark changes whenever a factor comes or goes: a page that offers to take them away says by it what it showed.
func (s State) Mark() string {
	since := int64(0)
	if s.Authenticator != nil {
		since = s.Authenticator.UnixMicro()
	}
	return strconv.FormatInt(since, 36) + "." + strconv.Itoa(s.Passkeys)
}

// Enrolment is what an authenticator app is told once.
type Enrolment struct {
	// Secret is the shared key in base32, to type where nothing can be scanned; URI the same as a key URI.
	Secret, URI string
}

// imageSize is the width and height of the code to scan, in pixels.
const imageSize = 200

// Image is the code to scan, a PNG as a data URI.
func (e Enrolment) Image() (string, error) {
	key, err := otp.NewKeyFromURL(e.URI)
	if err != nil {
		return "", fmt.Errorf("authenticator key: %w", err)
	}
	picture, err := key.Image(imageSize, imageSize)
	if err != nil {
		return "", fmt.Errorf("draw the authenticator's key: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return "", fmt.Errorf("draw the authenticator's key: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

func newSecret(account string) (Enrolment, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, SecretSize: 20})
	if err != nil {
		return Enrolment{}, fmt.Errorf("authenticator secret: %w", err)
	}
	return Enrolment{Secret: key.Secret(), URI: key.URL()}, nil
}

// enrolmentOf spells a kept secret as newSecret did.
func enrolmentOf(secret, account string) (Enrolment, error) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return Enrolment{}, fmt.Errorf("authenticator secret: %w", err)
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, Secret: raw})
	if err != nil {
		return Enrolment{}, fmt.Errorf("authenticator secret: %w", err)
	}
	return Enrolment{Secret: key.Secret(), URI: key.URL()}, nil
}

// stepOf finds the time step after last whose code this is, at a time. Zero is none.
func stepOf(secret, code string, at time.Time, last int64) int64 {
	now := at.Unix() / int64(step.Seconds())
	var found int64
	for n := now - skew; n <= now+skew; n++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(max(n, 0)), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && n > last && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = n
		}
	}
	return found
}

// alphabet spells recovery codes: no character looks like another (Crockford's base 32).
var alphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// recoveryLength is how many characters a recovery code has.
const recoveryLength = 10

// newRecoveryCodes makes codes of 50 random bits, as people copy them: XXXXX-XXXXX.
func newRecoveryCodes() []string {
	codes := make([]string, RecoveryCodes)
	for i := range codes {
		raw := make([]byte, 7)
		rand.Read(raw)
		text := alphabet.EncodeToString(raw)
		codes[i] = text[:recoveryLength/2] + "-" + text[recoveryLength/2:recoveryLength]
	}
	return codes
}

// misread puts right what people take one character of a recovery code for.
var misread = strings.NewReplacer(" ", "", "-", "", "O", "0", "I", "1", "L", "1")

// plain is a code as it is compared: what people type around it and how they write it does not matter.
func plain(code string) string { return strings.TrimSpace(misread.Replace(strings.ToUpper(code))) }

// isTime reports whether a plain code looks like an authenticator's.
func isTime(code string) bool {
	return len(code) == int(otp.DigitsSix) && strings.Trim(code, "0123456789") == ""
}

// IsRecovery reports whether what somebody typed was meant as a recovery code, right or wrong.
func IsRecovery(typed string) bool {
	code := plain(typed)
	return !isTime(code) && len(code) >= recoveryLength
}

// hashOf is what is kept of a user's recovery code: a hash under a key that the database does not hold. Without the key, 50
// random bits could be tried out in a day by whoever reads the table.
func hashOf(key []byte, userID account.ID, code string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(string(userID) + "\x00" + plain(code)))
	return mac.Sum(nil)
}
