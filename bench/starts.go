package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// token makes an API token that may send signals.
func (in *installation) token(ctx context.Context) (string, error) {
	d, err := db.Open(ctx, in.cfg.DatabaseURL)
	if err != nil {
		return "", err
	}
	defer d.Close()
	_, secret, err := account.NewService(d).NewToken(ctx, authz.System("bench"), "bench", []authz.Permission{authz.SignalIngest}, nil)
	return secret, err
}

// starts measures how long a start takes: on the large installation that is there, and of the demo from nothing. It
// comes last, because it stops what the other parts use.
func (b *bench) starts(ctx context.Context) error {
	in := b.large
	dir, cookie := in.cfg.Data, in.logins[0].cookie
	if err := in.close(); err != nil {
		return err
	}
	var warm []float64
	for range b.rounds {
		took, err := warmStart(ctx, dir, cookie)
		if err != nil {
			return fmt.Errorf("warm start: %w", err)
		}
		warm = append(warm, took.Seconds())
	}
	b.rows = append(b.rows, row{what: "warm start to the first page", measured: median(warm), bar: 1, unit: "s", atMost: true,
		detail: fmt.Sprintf("private database of %d people", in.size)})
	cold, err := coldStart(ctx, b.plan.data, b.plan.ordinary)
	if err != nil {
		return fmt.Errorf("cold start: %w", err)
	}
	b.rows = append(b.rows, row{what: "cold start of the demo", measured: cold.Seconds(), unit: "s", only: true, detail: "initdb, migrations, demo data"})
	return nil
}

// warmStart starts the server on its private database and asks for the first page.
func warmStart(ctx context.Context, dir, cookie string) (time.Duration, error) {
	began := time.Now()
	cmd, out, stdin, err := self(ctx, "-serve", dir, "", cookie)
	if err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		err = get(ctx, strings.TrimSpace(line)+"/candidates", cookieHeader(cookie))
	}
	took := time.Since(began)
	return took, errors.Join(err, stdin.Close(), cmd.Wait())
}

// get asks for a page, which must be there.
func get(ctx context.Context, address, cookie string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Cookie", cookie)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", address, answer.Status)
	}
	return nil
}

// coldStart makes the demo in a folder that does not exist yet.
func coldStart(ctx context.Context, data string, ordinary int) (time.Duration, error) {
	dir, err := os.MkdirTemp(data, "demo-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // the database's own user passes through
		return 0, err
	}
	cmd, out, stdin, err := self(ctx, "-cold", dir, strconv.Itoa(ordinary))
	if err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err := errors.Join(stdin.Close(), cmd.Wait(), err); err != nil {
		return 0, err
	}
	ms, err := strconv.Atoi(strings.TrimSpace(line))
	return time.Duration(ms) * time.Millisecond, err
}
