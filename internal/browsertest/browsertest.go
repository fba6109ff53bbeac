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
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is how long a page may take for anything a test waits for.
const Patience = 15 * time.Second

// names of the browsers we can drive, in the order of preference.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"}

// Browser is one headless browser, closed at the end of the test.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// New starts a browser. A machine without one skips the test, unless
// GATEHOUSE_BROWSER names a program that must then exist.
func New(t testing.TB) *Browser {
	t.Helper()
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options(find(t))...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancel()
		stop() // waits for the browser to exit, then removes its profile
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return &Browser{t: t, ctx: ctx}
}

func find(t testing.TB) string {
	t.Helper()
	if name := os.Getenv("GATEHOUSE_BROWSER"); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("GATEHOUSE_BROWSER: %v", err)
		}
		return path
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	// Not a skip: a green run must mean that the pages were looked at.
	t.Fatal("no browser on this machine: run scripts/setup, install chromium, or name one in GATEHOUSE_BROWSER")
	return ""
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
