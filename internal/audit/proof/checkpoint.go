package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint says what the log was at some size: its root stands for every entry up to there.
type Checkpoint struct {
	Origin string // names the log
	Size   int64
	Root   tlog.Hash
}

// text is the body of the note: three lines (C2SP tlog-checkpoint).
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// Sign makes the signed note of a checkpoint.
func Sign(c Checkpoint, signer note.Signer) (string, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, signer)
	return string(signed), err
}

// Opened is Open with the key as the text that Keys returned.
func Opened(signed, key string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Checkpoint{}, notKey()
	}
	return Open(signed, verifier)
}

func notKey() error {
	return errors.New("this is no key of a log: what is wanted is the text that gatehouse log key prints")
}

// Open reads a signed note and returns its checkpoint if the key signed it.
func Open(signed string, key note.Verifier) (Checkpoint, error) {
	n, err := note.Open([]byte(signed), note.VerifierList(key))
	var others *note.UnverifiedNoteError
	if errors.As(err, &others) {
		return Checkpoint{}, errors.New("checkpoint: this key did not sign it: is it the key of this log?")
	}
	if err != nil {
		return Checkpoint{}, errors.New("checkpoint: this is none")
	}
	// The note package passes over bits at the end of a signature that mean nothing: here each byte counts.
	for _, sig := range append(n.Sigs, n.UnverifiedSigs...) {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return Checkpoint{}, errors.New("checkpoint: a signature is written in another way")
		}
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, errors.New("checkpoint: not three lines")
	}
	c := Checkpoint{Origin: lines[0]}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, errors.New("checkpoint: the third line is no hash")
	}
	copy(c.Root[:], root)
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 || c.text() != n.Text {
		return Checkpoint{}, errors.New("checkpoint: the second line is no size")
	}
	return c, nil
}

// Keys makes the signer of a log, and the text by which others verify what it signed, from 32 secret bytes. The name is
// the log's origin, without spaces and plus signs; a name or seed that cannot be is a mistake in the program.
func Keys(name string, seed []byte) (signer note.Signer, verifier string) {
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		panic(err)
	}
	// The form that the note package reads: the name, a hash of name and public key, and algorithm 1 with the seed.
	sum := sha256.Sum256(append([]byte(name+"\n\x01"), public...))
	secret := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, binary.BigEndian.Uint32(sum[:]), base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)))
	if signer, err = note.NewSigner(secret); err != nil {
		panic("the name of the audit log") // the error could hold the secret
	}
	return signer, verifier
}
