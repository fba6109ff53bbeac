package layout

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/a-h/templ"
)

// Kept remembers the rendered parts of a frame that are the same on each page, by name. It goes with one viewer and
// one navigation: whoever makes the Frame begins a new one when either changes. The zero value is ready to use.
type Kept struct {
	mu    sync.Mutex
	parts map[string][]byte
}

// once renders the component at its first use and afterwards writes what it rendered then.
func (f Frame) once(name string, c templ.Component) templ.Component {
	if f.Kept == nil {
		return c
	}
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		part, err := f.Kept.part(ctx, name, c)
		if err != nil {
			return err
		}
		_, err = w.Write(part)
		return err
	})
}

func (k *Kept) part(ctx context.Context, name string, c templ.Component) ([]byte, error) {
	k.mu.Lock()
	part, ok := k.parts[name]
	k.mu.Unlock()
	if ok {
		return part, nil
	}
	var b bytes.Buffer
	if err := c.Render(ctx, &b); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.parts == nil {
		k.parts = map[string][]byte{}
	}
	k.parts[name] = b.Bytes()
	return b.Bytes(), nil
}
