package app

import (
	"context"
	"sync"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/assessment"
	"gatehouse/internal/audit"
	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/evidence"
	"gatehouse/internal/factor"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/incident"
	"gatehouse/internal/interview"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/clamd"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/keystore"
	"gatehouse/internal/platform/limit"
	"gatehouse/internal/platform/openid"
	"gatehouse/internal/platform/outbound"
	"gatehouse/internal/platform/seal"
	"gatehouse/internal/privacy"
	"gatehouse/internal/signal"
	"gatehouse/internal/signin"
	"gatehouse/web"
)

// Features are the services of one installation.
type Features struct {
	Catalogue *catalogue.Library
	Accounts  *account.Service
	Signin    *signin.Service
	Factors   *factor.Service
	People    *person.Service
	Flags     *flag.Service
	Claims    *claim.Service
	Assess    *assessment.Service
	Hiring    *hiring.Service
	Evidence  *evidence.Service
	Signals   *signal.Service
	Cases     *incident.Service

	Candidates *candidate.Service
	Interviews *interview.Service
	Dashboards *dashboard.Service
	Privacy    *privacy.Service
	Audit      *audit.Service
	Sealer     *audit.Sealer
}

func newFeatures(d *db.DB, lib *catalogue.Library, keys *seal.Keyring, blobs blob.Store, provider *openid.Client, cfg config.Config) Features {
	f := Features{Catalogue: lib}
	f.Accounts = account.NewService(d)
	f.Factors = factor.NewService(d, keys)
	f.Signin = signin.NewService(d, f.Accounts, f.Factors, keys, provider)
	f.People = person.NewService(d, keys)
	f.Flags = flag.NewService(d, lib)
	f.Claims = claim.NewService(d, lib, f.People)
	f.Assess = assessment.NewService(d, lib, f.People, f.Flags)
	f.Hiring = hiring.NewService(d, lib, f.People, f.Claims, f.Assess)
	f.Signals = signal.NewService(d, lib, f.People, f.Hiring, f.Assess)
	f.Evidence = evidence.NewService(d, blobs, f.People, cfg.MaxUpload)
	f.Interviews = interview.NewService(d, lib, f.People, f.Evidence, f.Assess)
	f.Cases = incident.NewService(d, lib, f.People, f.Evidence, f.Flags, f.Assess, f.Hiring,
		inventory.NewService(), payment.NewService(f.People))
	f.Candidates = candidate.NewService(d, lib, f.Accounts, f.Claims, f.Assess, f.Evidence)
	f.Dashboards = dashboard.NewService(d, lib)
	f.Privacy = privacy.NewService(d, lib, f.People, f.Evidence, f.Accounts, f.Dashboards)
	f.Audit = audit.NewService(d)
	f.Sealer = newSealer(d, keys)
	return f
}

func newSealer(d *db.DB, keys *seal.Keyring) *audit.Sealer {
	return audit.NewSealer(d, "gatehouse-"+keys.ID(), keys.Derive("audit log signer"))
}

func (f Features) webDeps(a *App) web.Deps {
	var observe func(method, route string, status int, took time.Duration)
	if a.metrics != nil {
		observe = a.metrics.request
	}
	return web.Deps{
		Observe:   observe,
		Traces:    a.traces,
		DeviceKey: a.Keys.Derive("marks of known browsers"),
		Tries: func(name string, rate limit.Rate) *limit.Shared {
			return limit.NewShared(a.DB, a.Keys.Derive("counts of tries"), name, rate)
		},
		Config: a.Config, Version: Version, Log: a.Log, Ready: a.ready, Extra: a.Extra, Parts: a.Parts,
		Catalogue: f.Catalogue, Accounts: f.Accounts, Signin: f.Signin, Factors: f.Factors,
		People: f.People, Flags: f.Flags, Claims: f.Claims, Assess: f.Assess, Hiring: f.Hiring,
		Evidence: f.Evidence, Signals: f.Signals, Cases: f.Cases,
		Candidates: f.Candidates, Interviews: f.Interviews,
		Dashboards: f.Dashboards, Privacy: f.Privacy, Audit: f.Audit, Sealer: f.Sealer, Waiting: f.Dashboards.Waiting,
		Connections: int(a.DB.Pool().Config().MaxConns), Away: a.DB.Away, Settle: a.DB.Settle,
	}
}

// chore is background work that comes round; a failure is logged and the next round tries again.
type chore struct {
	name  string
	every time.Duration
	do    func(context.Context) error
}

func (a *App) chores() []chore {
	chores := []chore{
		{"sweep sessions", time.Hour, a.Features.Signin.Sweep},
		{"learn of new keys", keystore.Every, a.keystore.Refresh},
		{"sweep tries", time.Hour, func(ctx context.Context) error { return limit.Sweep(ctx, a.DB) }},
		{"fold tallies", time.Second, a.Features.Dashboards.Fold},
		{"compare jobs", dashboard.CompareRound, a.Features.Dashboards.CompareJobs},
		{"take up signals", time.Second, a.Features.Signals.TakeUp},
		{"attribute signals", 10 * time.Second, a.Features.Signals.Attribute},
		{"seal the audit log", time.Second, a.Features.Sealer.Seal},
		{"seal late entries", 10 * time.Minute, a.Features.Sealer.SealLate},
		{"read evidence through", time.Minute, a.Features.Evidence.Scan},
		{"apply retention", 5 * time.Second, a.Features.Privacy.Retain},
		{"delete erased files", time.Minute, a.Features.Evidence.DeleteErased},
		{"sweep blobs", 24 * time.Hour, a.Features.Evidence.SweepBlobs},
		{"make room for signals", time.Hour, func(ctx context.Context) error {
			return a.Features.Signals.EnsurePartitions(ctx, a.DB.Now())
		}},
	}
	if bucket, ok := a.Blobs.(*blob.S3); ok {
		chores = append(chores, chore{"sweep unfinished uploads", 24 * time.Hour, bucket.Sweep})
	}
	if folder := a.Config.Checkpoints; folder != "" {
		chores = append(chores, chore{"publish the log's checkpoint", time.Minute, func(ctx context.Context) error {
			return a.Features.Sealer.Publish(ctx, folder)
		}})
	}
	if a.witness != nil {
		chores = append(chores, chore{"store the log's checkpoint", time.Minute, func(ctx context.Context) error {
			return a.Features.Sealer.Store(ctx, a.witness)
		}})
	}
	if address := a.Config.CheckpointWebhook; address != "" {
		client := outbound.Client(a.Config.OutboundAllow)
		client.Transport = a.traces.Outgoing("webhook", client.Transport)
		to := outbound.NewWebhook(client, address, a.Config.CheckpointSecret)
		chores = append(chores, chore{"send the log's checkpoint", time.Minute, func(ctx context.Context) error {
			return a.Features.Sealer.Send(ctx, to)
		}})
	}
	if where := a.Config.Clamd; where != "" {
		chores = append(chores, chore{"scan for malware", 5 * time.Second, func(ctx context.Context) error {
			scanner, err := clamd.New(where)
			if err != nil {
				return err
			}
			return a.Features.Evidence.ScanMalware(ctx, scanner)
		}})
	}
	return chores
}

// work does the chores until ctx ends.
func (a *App) work(ctx context.Context) {
	var listening sync.WaitGroup
	listening.Go(func() {
		a.DB.Listen(ctx, signin.Changes, a.Features.Signin.Listening, a.Features.Signin.Forget)
	})
	defer listening.Wait()
	done := make(chan struct{})
	for _, c := range a.background {
		go func() {
			defer func() { done <- struct{}{} }()
			a.repeat(ctx, c)
		}()
	}
	for range a.background {
		<-done
	}
}

func (a *App) repeat(ctx context.Context, c chore) {
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for {
		if !a.DB.Away() { // else there is nothing to write to
			a.round(ctx, c)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *App) round(ctx context.Context, c chore) {
	began := time.Now()
	traced, done := a.traces.Round(ctx, c.name)
	err := c.do(traced)
	done(err)
	a.metrics.round(c.name, time.Since(began), err)
	if err != nil && ctx.Err() == nil {
		a.Log.Error("background work", "chore", c.name, "error", err)
	}
}
