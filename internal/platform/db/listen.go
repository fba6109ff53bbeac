package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Listen calls heard for each notification on a channel, and tells on when it listens and when it has stopped, until ctx
// ends. What was told while nobody listened is lost, so on(true) must take everything for changed. A line that is lost is
// taken up again; while there is no primary nobody can listen.
func (d *DB) Listen(ctx context.Context, channel string, on func(listening bool), heard func()) {
	for ctx.Err() == nil {
		_ = d.listen(ctx, channel, on, heard) // ends with an error whenever it ends
		on(false)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (d *DB) listen(ctx context.Context, channel string, on func(bool), heard func()) error {
	conn, err := pgx.ConnectConfig(ctx, d.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return err
	}
	on(true)
	for {
		// A server that has gone without a word is noticed, too.
		waiting, cancel := context.WithTimeout(ctx, listenMost)
		_, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil:
			heard()
		case ctx.Err() == nil && waiting.Err() != nil:
			if err := answers(ctx, conn); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// listenMost is how long a silence may last before the line is tried.
const listenMost = 10 * time.Second

// answers tries a line. One into a network that has gone would else wait for as long as the system tries to send.
func answers(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	return conn.Ping(ctx)
}
