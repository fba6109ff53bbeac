package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/platform/config"
)

// certificate is what the server shows to browsers where no proxy in front does that: two PEM files, taken up again once they
// have changed, so that who renews them need not start anew.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	held   *tls.Certificate
	since  [2]time.Time // when the files that are held were written
	looked time.Time
}

// lookEvery is how often the files are looked at, at most.
const lookEvery = 10 * time.Second

// openCertificate reads the certificate of an installation that has one; nil where it has none.
func openCertificate(cfg config.Config, log *slog.Logger) (*certificate, error) {
	switch {
	case cfg.TLSCert == "" && cfg.TLSKey == "":
		return nil, nil
	case cfg.TLSCert == "" || cfg.TLSKey == "":
		return nil, errors.New("TLS needs both a certificate and its key: GATEHOUSE_TLS_CERT and GATEHOUSE_TLS_KEY")
	case !strings.HasPrefix(cfg.BaseURL, "https://"):
		return nil, errors.New("with a certificate people come by https: GATEHOUSE_BASE_URL has to say so")
	}
	c := &certificate{certFile: cfg.TLSCert, keyFile: cfg.TLSKey, log: log}
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	return c, nil
}

// read takes the files up if they have changed.
func (c *certificate) read() error {
	var since [2]time.Time
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		since[i] = info.ModTime()
	}
	if c.held != nil && since == c.since {
		return nil
	}
	found, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err == nil {
		c.held, c.since = &found, since
	}
	return err
}

// current is the certificate as of some seconds ago. One that cannot be read, as while half of it is written, leaves the one
// before.
func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		if err := c.read(); err != nil {
			c.log.Error("the TLS certificate cannot be read: the one from before is shown", "error", err)
		}
	}
	return c.held, nil
}

// tls is TLS 1.2 and 1.3, with the suites that crypto/tls holds safe.
func (c *certificate) tls() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.current}
}
