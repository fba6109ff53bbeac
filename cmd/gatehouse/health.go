package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"gatehouse/internal/platform/config"
)

// runHealth is `gatehouse health`: ask the server on this machine whether it serves, for containers that have no
// other program to ask with.
func runHealth(ctx context.Context, args []string, stdio stdio) error {
	cfg, rest, err := load("health", args, stdio)
	if err != nil {
		return err
	}
	if err := noArguments("health", rest); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		port = "8080"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, cfg.Scheme()+"://127.0.0.1:"+port+"/readyz", nil)
	if err != nil {
		return err
	}
	client, err := ownClient(cfg)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers with status %d", resp.StatusCode)
	}
	return nil
}

// ownClient asks the server on this machine. Where it speaks HTTPS itself it has to show the certificate that is configured, under
// the name by which people know it.
func ownClient(cfg config.Config) (*http.Client, error) {
	if cfg.TLSCert == "" {
		return http.DefaultClient, nil
	}
	pem, err := os.ReadFile(cfg.TLSCert)
	if err != nil {
		return nil, err
	}
	known := x509.NewCertPool()
	known.AppendCertsFromPEM(pem)
	base, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: known, ServerName: base.Hostname()}}}, nil
}
