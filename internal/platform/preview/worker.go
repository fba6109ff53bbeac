package preview

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"golang.org/x/image/draw"
)

// workerName is the name under which the program is a worker and nothing else.
const workerName = "gatehouse-preview"

func init() {
	if len(os.Args) == 1 && os.Args[0] == workerName {
		os.Exit(work(os.Stdin, os.Stdout))
	}
}

// work is all that a worker does. It says nothing of what went wrong: who asks has to believe nothing of it.
func work(in io.Reader, out io.Writer) (exitCode int) {
	runtime.GOMAXPROCS(1)
	debug.SetMemoryLimit(memory / 2)
	debug.SetTraceback("none")
	if err := confine(); err != nil {
		return 1
	}
	if err := render(in, out); err != nil {
		return 1
	}
	return 0
}

// render reads an image and writes a smaller one: photographs as JPEG, all else as PNG.
func render(in io.Reader, out io.Writer) error {
	content, err := io.ReadAll(io.LimitReader(in, MaxBytes+1))
	if err != nil {
		return err
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return err
	}
	if len(content) > MaxBytes || config.Width <= 0 || config.Height <= 0 || config.Width > MaxPixels/config.Height {
		return errors.New("too large")
	}
	img, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return err
	}
	small := smaller(img)
	if format == "jpeg" {
		return jpeg.Encode(out, small, &jpeg.Options{Quality: 85})
	}
	return png.Encode(out, small)
}

// smaller draws an image anew, no wider or higher than side.
func smaller(img image.Image) image.Image {
	from := img.Bounds()
	width, height := from.Dx(), from.Dy()
	if longer := max(width, height); longer > side {
		width, height = max(1, width*side/longer), max(1, height*side/longer)
	}
	to := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.BiLinear.Scale(to, to.Bounds(), img, from, draw.Src, nil)
	return to
}
