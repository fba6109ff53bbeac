package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
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
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers with status %d", resp.StatusCode)
	}
	return nil
}
