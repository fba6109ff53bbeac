package backup

import (
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// exactly is a file of the folder that ends only if it is what was backed up.
type exactly struct {
	r    io.Reader
	want file
	hash hash.Hash
	size int64
	file string
}

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.hash.Write(p[:n])
	e.size += int64(n)
	if err == io.EOF && (e.size != e.want.Size || hex.EncodeToString(e.hash.Sum(nil)) != e.want.SHA256) {
		return n, fmt.Errorf("%s was altered: it is not what was backed up (SHA-256 %s, %d bytes)", e.file, e.want.SHA256, e.want.Size)
	}
	return n, err
}
