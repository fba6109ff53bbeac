// Package preview makes small pictures of images that nobody trusts.
//
// Decoding is left to a worker: our own program, started anew for each picture under another name, with an empty environment.
// Before it reads a byte it gives up all that a decoder led astray could use (confine_linux.go says what, and the tests show
// it), and it gives back an image that it has encoded itself. The original never reaches a browser.
//
// The worker begins in init, before anything of the program is set up: so every program that links this package has it, those
// of tests too, and nothing of the installation, its key least of all, is in the worker's memory.
package preview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // read
	_ "image/jpeg" // read
	"image/png"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	_ "golang.org/x/image/webp" // read
)

const (
	// MaxBytes is the longest file of which a preview is made.
	MaxBytes = 64 << 20
	// MaxPixels is the most that one is made of: what the worker's memory holds.
	MaxPixels = 40_000_000
	// side is how wide or high a preview is at most.
	side = 1200
	// pictureMost bounds what a worker may give back.
	pictureMost = 8 << 20
	// patience is how long a worker may take, by the clock.
	patience = 20 * time.Second
	// workers is how many there are at a time, and queue how many may wait for one.
	workers, queue = 2, 8
)

// Of reports whether there are previews of files of a media type.
func Of(mediaType string) bool {
	return Confined && slices.Contains([]string{"image/jpeg", "image/png", "image/apng", "image/gif", "image/webp"}, mediaType)
}

var (
	// ErrBusy says that too many wait for a preview already.
	ErrBusy = errors.New("too many previews at a time")
	// ErrNone says that of this file no preview can be made: it is no image, too large, or made to break what decodes it.
	ErrNone = errors.New("no preview can be made of this file")
)

// Picture is a preview.
type Picture struct {
	// Type is image/png or image/jpeg.
	Type    string
	Content []byte
}

// Maker runs workers, a few at a time.
type Maker struct{ slots, waiting chan struct{} }

// NewMaker returns a Maker. A process has one.
func NewMaker() *Maker {
	return &Maker{slots: make(chan struct{}, workers), waiting: make(chan struct{}, workers+queue)}
}

// Make makes a preview of the image that r holds. An error of r, which says that the file is not what was stored, comes through.
func (m *Maker) Make(ctx context.Context, r io.Reader) (Picture, error) {
	select {
	case m.waiting <- struct{}{}:
		defer func() { <-m.waiting }()
	default:
		return Picture{}, ErrBusy
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return Picture{}, ErrBusy
	}
	return run(ctx, r)
}

// Try makes a preview of a single pixel, which shows whether any can be made here.
func Try(ctx context.Context) error {
	var pixel bytes.Buffer
	if err := png.Encode(&pixel, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		return err
	}
	_, err := NewMaker().Make(ctx, &pixel)
	return err
}

// run starts a worker and hands it the file.
func run(ctx context.Context, r io.Reader) (Picture, error) {
	self, err := os.Executable()
	if err != nil {
		return Picture{}, fmt.Errorf("preview: %w", err)
	}
	file, out := &remembering{r: r}, &bounded{}
	worker := exec.CommandContext(ctx, self)
	worker.Args = []string{workerName}
	worker.Env = []string{}
	worker.Dir = "/"
	worker.Stdin, worker.Stdout = file, out
	worker.WaitDelay = time.Second
	err = worker.Run()
	switch {
	case file.err != nil:
		return Picture{}, file.err
	case errors.As(err, new(*exec.ExitError)), errors.Is(err, context.DeadlineExceeded), errors.Is(err, errTooMuch):
		return Picture{}, fmt.Errorf("%w: the worker ended: %w", ErrNone, err)
	case err != nil:
		return Picture{}, fmt.Errorf("preview: %w", err)
	}
	return checked(out.Bytes())
}

// checked looks, without decoding, that the worker gave back what it should: it read a hostile file.
func checked(content []byte) (Picture, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || format != "png" && format != "jpeg" || config.Width > side || config.Height > side {
		return Picture{}, fmt.Errorf("%w: the worker gave back something else", ErrNone)
	}
	return Picture{Type: "image/" + format, Content: content}, nil
}

// remembering keeps the error that a reader ended with, so that it is not taken for the worker's.
type remembering struct {
	r   io.Reader
	err error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

var errTooMuch = errors.New("more than a preview takes")

// bounded keeps what is written, up to pictureMost.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > pictureMost {
		return 0, errTooMuch
	}
	return b.Buffer.Write(p)
}

// ReadFrom hides the buffer's own, which knows no bound.
func (b *bounded) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{b}, r)
}
