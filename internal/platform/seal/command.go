package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Command is a root key behind a program, such as a script around the command line of a key management service. It is called
// with "wrap" or "unwrap" after its own arguments, gets base64 and a line break on standard input, and answers with base64 on
// standard output. An exit code other than zero is a failure, and standard error says why.
type Command struct {
	words   []string
	timeout time.Duration
}

const (
	// commandTimeout is how long a key management service may take to answer.
	commandTimeout = 20 * time.Second
	// mostOutput bounds what is taken from a program.
	mostOutput = 64 << 10
	// mostWords bounds what is repeated of its complaint.
	mostWords = 500
)

// NewCommand returns the root key behind a program, given with its arguments between spaces. No shell takes part.
func NewCommand(line string) (Command, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return Command{}, errors.New("GATEHOUSE_KMS_COMMAND names no program")
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return Command{}, fmt.Errorf("GATEHOUSE_KMS_COMMAND: %w", err)
	}
	return Command{words, commandTimeout}, nil
}

// ID names the program and tells two of its settings apart: which key stands behind them, only the program knows.
func (c Command) ID() string {
	sum := sha256.Sum256([]byte(strings.Join(c.words, "\x00")))
	return filepath.Base(c.words[0]) + "-" + hex.EncodeToString(sum[:idSize])
}

// Wrap has the program encrypt a key.
func (c Command) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	return c.run(ctx, "wrap", key)
}

// Unwrap has the program decrypt what Wrap returned.
func (c Command) Unwrap(ctx context.Context, wrapped []byte) ([]byte, error) {
	return c.run(ctx, "unwrap", wrapped)
}

func (c Command) run(ctx context.Context, verb string, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	text := base64.StdEncoding.EncodeToString(payload)
	var out, complaint bounded
	program := exec.CommandContext(ctx, c.words[0], append(slices.Clone(c.words[1:]), verb)...)
	program.Stdin, program.Stdout, program.Stderr = strings.NewReader(text+"\n"), &out, &complaint
	program.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GATEHOUSE_") })
	program.WaitDelay = time.Second // a grandchild may hold the pipes
	err := program.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("no answer: %w", ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", c.words[0], verb, err, complaint.without(text, out.String()))
	}
	answer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out.String()))
	if err != nil || len(answer) == 0 {
		return nil, fmt.Errorf("%s %s: its answer is not base64", c.words[0], verb)
	}
	return answer, nil
}

// Format shows the program's id: its arguments may hold secrets.
func (c Command) Format(f fmt.State, _ rune) { fmt.Fprint(f, "root key "+c.ID()) }

// bounded keeps the beginning of what is written to it.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), mostOutput-b.Len())])
	return len(p), nil
}

// without is a program's complaint on one line, without what it was given and what it answered.
func (b *bounded) without(secrets ...string) string {
	words := b.String()
	for _, s := range secrets {
		if s = strings.TrimSpace(s); s != "" {
			words = strings.ReplaceAll(words, s, redacted)
		}
	}
	words = strings.Join(strings.Fields(words), " ")
	if len(words) > mostWords {
		words = strings.ToValidUTF8(words[:mostWords], "") + " …"
	}
	if words == "" {
		return "it said nothing"
	}
	return words
}
