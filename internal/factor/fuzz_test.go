package factor

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"gatehouse/internal/account"
)

// FuzzCode looks for a code that counts as another, or that counts without being one.
func FuzzCode(f *testing.F) {
	for _, s := range []string{"123456", " 123 456 ", "abcde-fghjk", "O0I1L-XXXXX", "\x00", "١٢٣٤٥٦", "ı-ſ"} {
		f.Add(s)
	}
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	at := time.Unix(1795356180, 0)
	f.Fuzz(func(t *testing.T, typed string) {
		code := plain(typed)
		if again := plain(code); again != code {
			t.Errorf("%q is compared as %q, and that as %q", typed, code, again)
		}
		if isTime(code) && (len(code) != 6 || strings.Trim(code, "0123456789") != "") {
			t.Errorf("%q looks like an authenticator's", code)
		}
		if n := stepOf(secret, code, at, 0); n != 0 && !isTime(code) {
			t.Errorf("%q counts as the code of step %d", code, n)
		}
		spaced := " " + strings.ToLower(code) + "- "
		if plain(spaced) == code && !bytes.Equal(hashOf([]byte("k"), "u", typed), hashOf([]byte("k"), "u", spaced)) {
			t.Errorf("%q and %q are two codes", typed, spaced)
		}
	})
}

// FuzzPasskeyAnswer looks for an answer of a browser that crashes the reading of it, or that signs in without the key.
func FuzzPasskeyAnswer(f *testing.F) {
	site := Site{Host: "localhost", Origin: "http://localhost:8080"}
	party, err := site.relying()
	if err != nil {
		f.Fatal(err)
	}
	// A key on P-256 as COSE (its point is that of RFC 6979, A.2.5).
	point, err := hex.DecodeString("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
	if err != nil {
		f.Fatal(err)
	}
	public := append(append(append([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20}, point[:32]...), 0x22, 0x58, 0x20), point[32:]...)
	who := holder{user: account.User{ID: "0192f0c1-7b3a-7cde-8123-456789abcdef", Email: "ada@example.com", Name: "Ada"},
		keys: []webauthn.Credential{{ID: []byte("credential"), PublicKey: public, AttestationType: "none"}}}
	kept := webauthn.SessionData{Challenge: base64.RawURLEncoding.EncodeToString([]byte("a challenge of 32 bytes, no less")), RelyingPartyID: site.Host,
		UserID: who.WebAuthnID(), AllowedCredentialIDs: [][]byte{[]byte("credential")}, UserVerification: protocol.VerificationPreferred}
	kept.CredParams = []protocol.CredentialParameter{{Type: "public-key", Algorithm: -7}}

	proof, made := answers(site, kept.Challenge, public)
	f.Add(proof)
	f.Add(made)
	f.Add([]byte("{}"))
	f.Add([]byte(`{"id":"","rawId":"","type":"public-key","response":{}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if response, err := protocol.ParseCredentialRequestResponseBytes(answer); err == nil {
			if _, err := party.ValidateLogin(who, kept, response); err == nil {
				t.Fatalf("signed in by %s", answer)
			}
		}
		if response, err := protocol.ParseCredentialCreationResponseBytes(answer); err == nil {
			if key, err := party.CreateCredential(who, kept, response); err == nil && (len(key.ID) == 0 || len(key.PublicKey) == 0) {
				t.Fatalf("%s makes %+v", answer, key)
			}
		}
		var session webauthn.SessionData
		if session, err = sessionOf(answer); err == nil {
			_, _ = json.Marshal(session)
		}
	})
}

// answers are well-formed: a proof with a signature that is none, and a new key, which needs none.
func answers(site Site, challenge string, public []byte) (proof, made []byte) {
	text := base64.RawURLEncoding.EncodeToString
	client := func(kind string) string {
		return text(fmt.Appendf(nil, `{"type":"webauthn.%s","challenge":"%s","origin":"%s","crossOrigin":false}`, kind, challenge, site.Origin))
	}
	host := sha256.Sum256([]byte(site.Host))
	id := text([]byte("credential"))
	data := append(append([]byte{}, host[:]...), 0x05, 0, 0, 0, 1)
	proof = fmt.Appendf(nil, `{"id":"%s","rawId":"%s","type":"public-key","response":{"clientDataJSON":"%s","authenticatorData":"%s","signature":"%s","userHandle":""}}`,
		id, id, client("get"), text(data), text([]byte{0x30, 6, 2, 1, 1, 2, 1, 1}))
	data[32] |= 0x40 // a key follows
	data = append(append(data, make([]byte, 16)...), 0, byte(len("credential")))
	data = append(append(data, "credential"...), public...)
	object := append([]byte{0xa3, 0x63, 'f', 'm', 't', 0x64, 'n', 'o', 'n', 'e', 0x67, 'a', 't', 't', 'S', 't', 'm', 't', 0xa0, 0x68, 'a', 'u', 't', 'h', 'D', 'a', 't', 'a',
		0x58, byte(len(data))}, data...)
	made = fmt.Appendf(nil, `{"id":"%s","rawId":"%s","type":"public-key","response":{"clientDataJSON":"%s","attestationObject":"%s"}}`,
		id, id, client("create"), text(object))
	return proof, made
}
