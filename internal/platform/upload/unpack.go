package upload

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
)

// unpackMost is how much of a packed stream is unpacked to be counted, and thrown away.
const unpackMost = 128 << 20

// unpacking counts what a gzip or tar file unpacks to, while it passes, beside the goroutine that takes the file in: the
// packages for both read, and are not written to.
type unpacking struct {
	to    *io.PipeWriter
	over  bool       // nothing more is looked at
	facts chan Facts // closed behind the one that comes
}

func newUnpacking(mediaType string) *unpacking {
	from, to := io.Pipe()
	u := &unpacking{to: to, facts: make(chan Facts, 1)}
	go func() {
		f := unpack(mediaType, from)
		_ = from.Close() // whoever writes is not held up any more
		u.facts <- f
		close(u.facts)
	}()
	return u
}

func (u *unpacking) write(p []byte) {
	if !u.over {
		_, err := u.to.Write(p)
		u.over = err != nil
	}
}

// finish is for the first part: it knows all facts but those of the ending.
func (u *unpacking) finish(f *Facts) {
	_ = u.to.Close()
	*f = <-u.facts
}

// end breaks off what is not finished, so that no goroutine waits for more.
func (u *unpacking) end() {
	_ = u.to.CloseWithError(io.ErrUnexpectedEOF)
	<-u.facts
}

// errEnough ends what unpacks to more than is counted.
var errEnough = errors.New("unpacked enough")

// unpack counts the entries and bytes of a stream, within bounds.
func unpack(mediaType string, r io.Reader) Facts {
	var f Facts
	if mediaType == "application/gzip" {
		unzipped, err := gzip.NewReader(r)
		if err != nil {
			return Facts{Broken: true}
		}
		r = &counted{r: unzipped, f: &f}
	}
	in := bufio.NewReader(r)
	// A tar says so behind its first name.
	begin, _ := in.Peek(512)
	if len(begin) == 512 && bytes.HasPrefix(begin[257:], []byte("ustar")) {
		tarred(in, &f)
	} else {
		f.Entries = 1
		if bytes.HasPrefix(begin, []byte("\x1f\x8b")) || bytes.HasPrefix(begin, []byte("PK\x03\x04")) {
			f.Archives = 1
		}
	}
	if _, err := io.Copy(io.Discard, in); err != nil && !errors.Is(err, errEnough) {
		f.Broken = true
	}
	return f
}

// tarred counts the entries of a tar. Within a gzip its bytes are counted as they are unpacked.
func tarred(in io.Reader, f *Facts) {
	within := f.Unpacked > 0
	for entries := tar.NewReader(in); ; {
		header, err := entries.Next()
		if err != nil {
			f.Broken = f.Broken || err != io.EOF && !f.More
			return
		}
		size := uint64(max(header.Size, 0))
		if within {
			size = 0
		}
		f.entry(header.Name, size)
		if f.Entries > maxEntries {
			f.More = true
			return
		}
	}
}

// counted notes how much is unpacked, and ends when it is enough.
type counted struct {
	r io.Reader
	f *Facts
}

func (c *counted) Read(p []byte) (int, error) {
	if c.f.Unpacked > unpackMost {
		c.f.More = true
		return 0, errEnough
	}
	n, err := c.r.Read(p)
	c.f.Unpacked += int64(n)
	return n, err
}
