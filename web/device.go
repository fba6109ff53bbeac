package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// A browser from which somebody has signed in before carries a mark of that. Its tries are counted apart from those of
// strangers: who guesses at an account from elsewhere uses up the strangers' tries, and its owner still gets in.

// deviceFor is how long a browser stays known.
const deviceFor = 180 * 24 * time.Hour

// deviceName is the name of the account's cookie, so that a browser that several people use knows each; it does not tell whose it
// is. The prefix binds it to this host where people come over HTTPS.
func (s *Server) deviceName(email string) string {
	name := "gatehouse-device-" + hex.EncodeToString(s.deviceMark("", email)[:6])
	if s.deps.Config.Secure() {
		name = "__Host-" + name
	}
	return name
}

// knownDevice returns what names the browser, when it carries the mark of an earlier sign-in to this account.
func (s *Server) knownDevice(r *http.Request, email string) (name string, known bool) {
	name, mac, found := strings.Cut(cookie(r, s.deviceName(email)), ".")
	if !found {
		return "", false
	}
	given, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || !hmac.Equal(given, s.deviceMark(name, email)) {
		return "", false
	}
	return name, true
}

// knowDevice marks the browser as one from which somebody signed in to this account.
func (s *Server) knowDevice(w http.ResponseWriter, email string) {
	raw := make([]byte, 16)
	rand.Read(raw)
	name := base64.RawURLEncoding.EncodeToString(raw)
	http.SetCookie(w, &http.Cookie{Name: s.deviceName(email), Path: "/", MaxAge: int(deviceFor.Seconds()), HttpOnly: true,
		Secure: s.deps.Config.Secure(), SameSite: http.SameSiteLaxMode,
		Value: name + "." + base64.RawURLEncoding.EncodeToString(s.deviceMark(name, email))})
}

func (s *Server) deviceMark(name, email string) []byte {
	mac := hmac.New(sha256.New, s.deps.DeviceKey)
	mac.Write([]byte(name + "\x00" + strings.ToLower(email)))
	return mac.Sum(nil)
}
