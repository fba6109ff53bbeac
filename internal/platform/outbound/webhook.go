package outbound

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Webhook is an address to which messages are posted, signed as Standard Webhooks asks (HMAC-SHA256 over id, time and body) when
// there is a secret.
type Webhook struct {
	client  *http.Client
	address string
	secret  []byte
}

// secretPrefix marks a secret; what follows is its base64.
const secretPrefix = "whsec_"

// ParseSecret reads a secret for signing; empty for none.
func ParseSecret(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, secretPrefix))
	if err != nil || len(secret) < 24 || len(secret) > 64 {
		return nil, errors.New("not a secret: 24 to 64 bytes in base64, which may begin with " + secretPrefix)
	}
	return secret, nil
}

// NewWebhook returns the webhook at an address. The secret may be nil.
func NewWebhook(client *http.Client, address string, secret []byte) *Webhook {
	return &Webhook{client: client, address: address, secret: secret}
}

// answerMost is how much of an answer is read, so that its connection can be used again. What it says is of no interest.
const answerMost = 4 << 10

// Post sends a message. The id is the same when it is sent again, so that whoever receives it twice knows. The address is not
// part of an error: it may hold a token.
func (h *Webhook) Post(ctx context.Context, id, contentType, body string, at time.Time) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, strings.NewReader(body))
	if err != nil {
		return errors.New("webhook: its address cannot be used")
	}
	sent := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", "Gatehouse")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", sent)
	if h.secret != nil {
		r.Header.Set("webhook-signature", sign(h.secret, id, sent, body))
	}
	answer, err := h.client.Do(r)
	if err != nil {
		return fmt.Errorf("webhook: %w", cause(err))
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, answerMost)
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("webhook: answered %d", answer.StatusCode)
	}
	return nil
}

// cause is what went wrong, without the address that http.Client puts before it.
func cause(err error) error {
	if addressed, ok := errors.AsType[*url.Error](err); ok {
		return addressed.Err
	}
	return err
}

func sign(secret []byte, id, sent, body string) string {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, sent, body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
