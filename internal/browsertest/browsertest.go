// Package browsertest drives a headless browser in tests: pages are opened,
// filled in and looked at as a person would, at a phone's width and in both
// themes, and checked with axe-core for what people with other needs meet.
//
// Every wait ends after Patience and fails the test. What the page complains
// about on its console, such as a violation of the content policy, is
// collected and fails the test at its end.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is how long a page may take for anything a test waits for.
const Patience = 15 * time.Second

// names of the browsers we can drive, in the order of preference.
var names = []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"}

// Process is a headless browser that several tests may share.
type Process struct {
	ctx  context.Context
	stop func()
}

// Launch starts a browser for several tests. Whoever starts it closes it.
func Launch() (*Process, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options(path)...)
	ctx, cancel := chromedp.NewContext(allocator)
	p := &Process{ctx: ctx, stop: func() {
		cancel()
		stop() // waits for the browser to exit, then removes its profile
	}}
	if err := chromedp.Do(ctx); err != nil {
		p.stop()
		return nil, fmt.Errorf("start the browser: %w", err)
	}
	return p, nil
}

// Close ends the browser.
func (p *Process) Close() { p.stop() }

// For lends the browser to a test: its pages close with the test.
func (p *Process) For(t testing.TB) *Browser { return &Browser{t: t, ctx: p.ctx} }

// Browser is a headless browser in the hands of one test.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// New starts a browser that ends with the test. A machine without one fails
// it: a green run must mean that the pages were looked at.
func New(t testing.TB) *Browser {
	t.Helper()
	p, err := Launch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p.For(t)
}

// find names the browser: GATEHOUSE_BROWSER, or the first that is installed.
func find() (string, error) {
	if name := os.Getenv("GATEHOUSE_BROWSER"); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("GATEHOUSE_BROWSER: %w", err)
		}
		return path, nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no browser on this machine: run scripts/setup, install chromium, or name one in GATEHOUSE_BROWSER")
}

func options(path string) []chromedp.ExecAllocatorOption {
	all := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	all = append(all,
		chromedp.ExecPath(path),
		chromedp.WindowSize(1440, 900),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	if os.Geteuid() == 0 {
		all = append(all, chromedp.NoSandbox) // a browser run by root has none
	}
	return all
}
