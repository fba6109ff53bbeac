package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
)

// host is one server that the configuration names, as it was found.
type host struct {
	name string
	err  error
	// system is the same for a primary and all that follow it.
	system    string
	following bool
	// position is where its log is, in bytes: written, or taken in where it follows.
	position int64
	// since is how long ago what it last took in was written.
	since time.Duration
	// waits says that commits wait for standbys, and kept that one is there to wait for.
	waits, kept bool
}

// hostTime bounds looking at one server.
const hostTime = 3 * time.Second

// catchUp is how long a standby has to take in what the primary had written. What it lacks by then may have been written
// after a long pause, so that how old its last change is says nothing before.
const catchUp = time.Second

// lacks reports whether a standby has not taken in yet what a primary had written.
func (h host) lacks(primary host) bool {
	return h.err == nil && h.following && h.system == primary.system && h.position < primary.position
}

// examineReplication looks at every server that is named: which of several is the primary, whether what it acknowledges
// outlives it, and whether the standby for reading keeps up. Without any of this there is nothing to say of the first two.
func examineReplication(ctx context.Context, cfg config.Config) []diagnosis {
	aside := diagnosis{"Standby for reading", absent, "not set up", "Insights, exports, search and the log read from the database that people work on: GATEHOUSE_DATABASE_STANDBY_URL."}
	if cfg.DatabaseURL == "" {
		return []diagnosis{aside}
	}
	hosts, err := hostsOf(ctx, cfg.DatabaseURL)
	if err != nil { // the database's own line says so
		return []diagnosis{aside}
	}
	primary := slices.IndexFunc(hosts, func(h host) bool { return h.err == nil && !h.following })
	var report []diagnosis
	if len(hosts) > 1 {
		report = append(report, examineHosts(hosts))
	}
	if primary >= 0 && (len(hosts) > 1 || cfg.StandbyURL != "") {
		report = append(report, examineAcknowledged(hosts[primary]))
	}
	if cfg.StandbyURL == "" {
		return append(report, aside)
	}
	aside.Note = ""
	followers, err := hostsOf(ctx, cfg.StandbyURL)
	for end := time.Now().Add(catchUp); err == nil && primary >= 0 && answering(followers).lacks(hosts[primary]) && time.Now().Before(end); {
		time.Sleep(catchUp / 10)
		followers, err = hostsOf(ctx, cfg.StandbyURL)
	}
	switch {
	case err != nil:
		aside.State, aside.Found = broken, err.Error()
	case primary < 0:
		aside.State, aside.Found = broken, "no primary to compare it with"
	default:
		aside = examineFollower(hosts[primary], answering(followers))
	}
	return append(report, aside)
}

// answering is the server that reading would use: one that follows, else one that answers, else the first.
func answering(hosts []host) host {
	for _, good := range []func(host) bool{
		func(h host) bool { return h.err == nil && h.following },
		func(h host) bool { return h.err == nil },
	} {
		if i := slices.IndexFunc(hosts, good); i >= 0 {
			return hosts[i]
		}
	}
	return hosts[0]
}

// examineHosts says of several servers which one is what.
func examineHosts(hosts []host) diagnosis {
	d := diagnosis{Part: "Database servers", State: well}
	system := answering(hosts).system
	var said []string
	var primaries, gone, strange int
	for _, h := range hosts {
		switch {
		case h.err != nil:
			gone++
			said = append(said, h.name+" does not answer")
		case h.following:
			said = append(said, h.name+" follows")
		default:
			primaries++
			said = append(said, h.name+" is the primary")
		}
		if h.err == nil && h.system != system {
			strange++
		}
	}
	d.Found = strings.Join(said, ", ")
	switch {
	case strange > 0:
		d.State, d.Note = broken, "They are not copies of one database: take the wrong one out of GATEHOUSE_DATABASE_URL."
	case primaries == 0:
		d.State, d.Note = broken, "None takes writes: pages can be read, nothing can be saved. Promote a standby."
	case primaries > 1:
		d.State, d.Note = broken, "More than one takes writes, so their contents part. Stop the one that was not to be promoted, and make it anew as a standby."
	case gone > 0:
		d.State, d.Note = broken, "While a standby is away, less can take over from a primary that fails."
	}
	return d
}

// examineAcknowledged says whether what people were told is saved outlives the primary.
func examineAcknowledged(primary host) diagnosis {
	d := diagnosis{"Replication", well, "synchronous: what is acknowledged survives the primary", ""}
	switch {
	case !primary.waits:
		d.State, d.Found = absent, "not synchronous"
		d.Note = "What was acknowledged in the last moments is lost when the primary fails: set synchronous_standby_names and synchronous_commit = on, on each server."
	case !primary.kept:
		d.State, d.Found, d.Note = broken, "synchronous, but no standby is connected", "Nothing can be saved until one is: every commit waits for it."
	}
	return d
}

// examineFollower says how far the standby for reading is behind.
func examineFollower(primary, follower host) diagnosis {
	d := diagnosis{Part: "Standby for reading", State: well}
	switch {
	case follower.err != nil:
		d.State, d.Found, d.Note = broken, "does not answer: "+follower.err.Error(), "Everything reads from the primary until it does."
		return d
	case follower.system != primary.system:
		d.State, d.Found, d.Note = broken, follower.name+" is no copy of this database", "Pages would show what another database holds: correct GATEHOUSE_DATABASE_STANDBY_URL."
		return d
	case !follower.following && follower.name == primary.name:
		d.State, d.Found, d.Note = absent, follower.name+" is the primary itself", "It was promoted, or is named by mistake: reading takes no load off the primary."
		return d
	case !follower.following:
		d.State, d.Found, d.Note = broken, follower.name+" follows nobody", "Pages would show what it held when it stopped following: make it anew as a standby of the primary."
		return d
	}
	d.Found = follower.name + " keeps up"
	if follower.lacks(primary) {
		d.Found = fmt.Sprintf("%s is %.0f s behind", follower.name, follower.since.Seconds())
		if follower.since > db.LagMost {
			d.State, d.Note = broken, fmt.Sprintf("Everything reads from the primary until it is less than %.0f s behind. Is replaying paused, or the standby too slow?", db.LagMost.Seconds())
		}
	}
	return d
}

// hostsOf looks at every server that an address names.
func hostsOf(ctx context.Context, url string) ([]host, error) {
	cfg, err := db.ParseURL(url)
	if err != nil {
		return nil, err
	}
	at := cfg.ConnConfig
	ways := append([]*pgconn.FallbackConfig{{Host: at.Host, Port: at.Port, TLSConfig: at.TLSConfig}}, at.Fallbacks...)
	var hosts []host
	var seen []string
	for _, way := range ways {
		name := net.JoinHostPort(way.Host, strconv.Itoa(int(way.Port)))
		if strings.HasPrefix(way.Host, "/") {
			name = way.Host
		}
		if slices.Contains(seen, name) {
			continue
		}
		seen = append(seen, name)
		one := at.Copy()
		one.Host, one.Port, one.TLSConfig, one.ValidateConnect, one.Fallbacks = way.Host, way.Port, way.TLSConfig, nil, nil
		for _, other := range ways {
			if other != way && other.Host == way.Host && other.Port == way.Port {
				one.Fallbacks = append(one.Fallbacks, other) // the same server with or without encryption
			}
		}
		hosts = append(hosts, lookAt(ctx, name, one))
	}
	return hosts, nil
}

// lookAt asks one server what it is.
func lookAt(ctx context.Context, name string, at *pgx.ConnConfig) host {
	ctx, cancel := context.WithTimeout(ctx, hostTime)
	defer cancel()
	h := host{name: name}
	conn, err := pgx.ConnectConfig(ctx, at)
	if err != nil {
		h.err = err
		return h
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var since float64
	// Who may not see the standbys' states sees at least that they are there.
	h.err = conn.QueryRow(ctx, `
		SELECT (SELECT system_identifier::text FROM pg_control_system()), pg_is_in_recovery(),
		       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0') ELSE pg_current_wal_lsn() END, '0/0')::bigint,
		       coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::float8,
		       current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') NOT IN ('off', 'local'),
		       EXISTS (SELECT FROM pg_stat_replication WHERE coalesce(sync_state, 'sync') IN ('sync', 'quorum'))`).
		Scan(&h.system, &h.following, &h.position, &since, &h.waits, &h.kept)
	h.since = time.Duration(since * float64(time.Second))
	return h
}
