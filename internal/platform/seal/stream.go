package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

// Segment is how much is encrypted, and verified before it is given out, at a
// time: the memory that a stream of any length needs, a few times over.
const Segment = 64 << 10

// ErrAltered says that a ciphertext is not, or not whole, what was encrypted
// under this key for this purpose: altered, cut off, put together anew, of
// another person or of another item.
var ErrAltered = errors.New("encrypted data has been altered or belongs elsewhere")

// errNoKey is met when a DataKey came from neither a Keyring's New nor Unwrap.
var errNoKey = errors.New("seal: no data key")

// format is the first byte of a ciphertext. It is authenticated with the rest.
const format = 1

// primitive is Tink's streaming AES-256-GCM: a fresh key for each stream is
// derived from the data key by HKDF; segments are numbered, and the last is marked.
func (k DataKey) primitive() (*subtle.AESGCMHKDF, error) {
	if k.secret == nil {
		return nil, errNoKey
	}
	return subtle.NewAESGCMHKDF(k.secret(), "SHA256", keySize, Segment, 1)
}

// associated is what a ciphertext is bound to.
func associated(aad string) []byte { return fmt.Appendf(nil, "gatehouse stream %d\x00%s", format, aad) }

// Encrypt returns a reader of the ciphertext of what r holds. The associated
// data, the id of the item, is not part of it: Decrypt must be given the same,
// so that no item's bytes can stand in for another's.
func Encrypt(key DataKey, aad string, r io.Reader) (io.Reader, error) {
	p, err := key.primitive()
	if err != nil {
		return nil, err
	}
	e := &encrypter{from: r, plain: make([]byte, Segment)}
	e.sealed.Grow(2 * Segment)
	e.sealed.WriteByte(format)
	if e.to, err = p.NewEncryptingWriter(&e.sealed, associated(aad)); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return e, nil
}

// encrypter turns Tink's writer into a reader without a goroutine between:
// whenever its buffer is empty it pushes more plaintext through.
type encrypter struct {
	from   io.Reader
	to     io.WriteCloser // encrypts into sealed
	plain  []byte
	sealed bytes.Buffer
	err    error // what comes after sealed
}

func (e *encrypter) Read(p []byte) (int, error) {
	for e.sealed.Len() == 0 && e.err == nil {
		e.fill()
	}
	if e.sealed.Len() == 0 {
		return 0, e.err
	}
	return e.sealed.Read(p)
}

// fill pushes on what one read gives. It does not use io.ReadFull, which makes
// the end of r and a connection lost half-way the same error: only io.EOF may
// close the stream. After any other error the last segment is never written,
// so that nobody can take what there is for a whole stream.
func (e *encrypter) fill() {
	n, err := e.from.Read(e.plain)
	if _, writeErr := e.to.Write(e.plain[:n]); writeErr != nil {
		e.err = fmt.Errorf("seal: %w", writeErr)
		return
	}
	if err == io.EOF {
		if closeErr := e.to.Close(); closeErr != nil {
			err = fmt.Errorf("seal: %w", closeErr)
		}
	}
	e.err = err
}

// Decrypt returns a reader of the plaintext of the ciphertext in r. Each
// segment is verified before any of it is given out, and the end of the stream
// before io.EOF: a reader that stops early has seen nothing false, but does
// not know whether the rest is there. Failed verification is ErrAltered.
func Decrypt(key DataKey, aad string, r io.Reader) (io.Reader, error) {
	p, err := key.primitive()
	if err != nil {
		return nil, err
	}
	source := &remember{r: r}
	head := make([]byte, 1)
	if _, err := io.ReadFull(source, head); err != nil {
		return nil, source.blame(err)
	}
	if head[0] != format {
		return nil, fmt.Errorf("seal: unknown format %d: %w", head[0], ErrAltered)
	}
	plain, err := p.NewDecryptingReader(source, associated(aad))
	if err != nil {
		return nil, source.blame(err)
	}
	return &decrypter{source: source, plain: plain}, nil
}

// decrypter makes errors final, which Tink's reader does not: asked again
// after a failure on the last segment it would answer io.EOF.
type decrypter struct {
	source *remember
	plain  io.Reader
	err    error
}

func (d *decrypter) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.plain.Read(p)
	if err != nil && err != io.EOF {
		err = d.source.blame(err)
	}
	d.err = err
	return n, err
}

// remember tells failures of the source from failures of verification.
type remember struct {
	r   io.Reader
	err error
}

func (s *remember) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// blame returns the source's error if it had one: a broken disk is not a
// forgery. Else the ciphertext did not verify.
func (s *remember) blame(err error) error {
	if s.err != nil {
		return s.err
	}
	return fmt.Errorf("%w (%v)", ErrAltered, err)
}
