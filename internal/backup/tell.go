package backup

import (
	"fmt"
	"sync"
	"time"
)

// between is how long somebody who waits hears nothing, at least and about.
const between = 3 * time.Second

// teller says how far long work is, every few seconds: the last thing said since.
type teller struct {
	tell func(string)
	quit chan struct{}
	over sync.WaitGroup

	mu   sync.Mutex
	last string
}

// newTeller begins to tell; tell may be nil.
func newTeller(tell func(string)) *teller {
	t := &teller{tell: tell, quit: make(chan struct{})}
	if tell != nil {
		t.over.Go(t.run)
	}
	return t
}

func (t *teller) run() {
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		select {
		case <-t.quit:
			return
		case <-tick.C:
			t.flush()
		}
	}
}

func (t *teller) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last != "" {
		t.tell(t.last)
	}
	t.last = ""
}

// say notes what is being done.
func (t *teller) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = fmt.Sprintf(format, args...)
}

// every says what words gives, until the returned function is called.
func (t *teller) every(words func() string) (stop func()) {
	done := make(chan struct{})
	var over sync.WaitGroup
	over.Go(func() {
		tick := time.NewTicker(between / 3)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				t.say("%s", words())
			}
		}
	})
	return func() { close(done); over.Wait() }
}

// stop ends the telling.
func (t *teller) stop() {
	close(t.quit)
	t.over.Wait()
}
