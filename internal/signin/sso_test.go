package signin_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/factor"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/openid"
	"gatehouse/internal/platform/openid/openidtest"
	"gatehouse/internal/signin"
)

// outside is sign-in by a provider that says what a test wants.
type outside struct {
	*testing.T
	d      *db.DB
	issuer *openidtest.Issuer
	signin *signin.Service
	admin  account.User
}

func newOutside(t *testing.T, change func(*signin.Rules)) *outside {
	t.Helper()
	t.Parallel()
	d := dbtest.New(t)
	o := &outside{T: t, d: d, issuer: openidtest.NewIssuer(t)}
	client, err := openid.New(openid.Config{Issuer: o.issuer.URL, ClientID: openidtest.ClientID, GroupsClaim: "groups"})
	if err != nil {
		t.Fatal(err)
	}
	accounts := account.NewService(d)
	o.signin = signin.NewService(d, accounts, factor.NewService(d, ring(t)), ring(t), client)
	id, err := accounts.Add(t.Context(), authz.System("test"), account.New{Email: "ada@example.com", Name: "Ada", Roles: []authz.Role{authz.Administrator}})
	if err != nil {
		t.Fatal(err)
	}
	if o.admin, err = accounts.ByID(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	o.rules(func(r *signin.Rules) {
		r.Creates, r.Default = true, authz.HR
		change(r)
	})
	return o
}

func (o *outside) rules(change func(*signin.Rules)) {
	o.Helper()
	r, err := o.signin.Rules(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	change(&r)
	if err := o.signin.SetRules(o.Context(), signin.Session{User: o.admin}, r); err != nil {
		o.Fatal(err)
	}
}

// goes sends somebody to the provider and back, and gives what came of it.
func (o *outside) goes(f signin.Flow, says map[string]any) (signin.Flow, openid.Identity) {
	o.Helper()
	sent, err := o.signin.Send(o.Context(), f)
	if err != nil {
		o.Fatal(err)
	}
	u, err := url.Parse(sent.Address)
	if err != nil {
		o.Fatal(err)
	}
	taken, err := o.signin.Take(o.Context(), sent.State, sent.Browser)
	if err != nil {
		o.Fatal(err)
	}
	o.issuer.Say(o.issuer.Sign(o.issuer.Identity(u.Query().Get("nonce"), says)))
	id, err := o.signin.Redeem(o.Context(), taken, openid.Answer{Code: "code"})
	if err != nil {
		o.Fatal(err)
	}
	return taken, id
}

// enters begins a session of whom the provider says it is.
func (o *outside) enters(says map[string]any) (token string, found signin.Session) {
	o.Helper()
	_, id := o.goes(signin.Flow{Purpose: signin.ToEnter}, says)
	token, err := o.signin.Enter(o.Context(), id, signin.Device{IP: "127.0.0.1"})
	if err != nil {
		o.Fatal(err)
	}
	return token, o.find(token)
}

func (o *outside) find(token string) signin.Session {
	o.Helper()
	found, err := o.signin.Find(o.Context(), token)
	if err != nil {
		o.Fatal(err)
	}
	return found
}

func TestWhenTheProviderSawThemIsWhenTheyProvedIt(t *testing.T) {
	o := newOutside(t, func(*signin.Rules) {})
	for name, tc := range map[string]struct {
		at     any
		lately bool
	}{"now": {time.Now().Unix(), true}, "an hour ago": {time.Now().Add(-time.Hour).Unix(), false}, "it does not say": {nil, false}} {
		_, found := o.enters(map[string]any{"auth_time": tc.at})
		if o.signin.ProvedLately(found) != tc.lately || !found.Provider || found.Owes != signin.Nothing {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// TestAProofThereIsOfOneSessionAndOneAccount.
func TestAProofThereIsOfOneSessionAndOneAccount(t *testing.T) {
	o := newOutside(t, func(*signin.Rules) {})
	token, found := o.enters(map[string]any{"auth_time": time.Now().Add(-time.Hour).Unix()})
	other, _ := o.enters(nil)
	flow, id := o.goes(signin.Flow{Purpose: signin.ToProve, Session: found.ID}, nil)
	if _, err := o.signin.ProveThere(t.Context(), other, flow, id); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("in another session: %v", err)
	}
	somebody, theirs := o.goes(signin.Flow{Purpose: signin.ToProve, Session: found.ID}, map[string]any{"sub": "sub-2"})
	if _, err := o.signin.ProveThere(t.Context(), token, somebody, theirs); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("of another account: %v", err)
	}
	if o.signin.ProvedLately(o.find(token)) {
		t.Fatal("one of them counted")
	}
	next, err := o.signin.ProveThere(t.Context(), token, flow, id)
	if err != nil || !o.signin.ProvedLately(o.find(next)) {
		t.Errorf("the right one: %v", err)
	}
	if _, err := o.signin.Find(t.Context(), token); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("the old token lives on: %v", err)
	}
}

// TestWhoseSecondFactorCounts: ours, the provider's where it says so, or the provider's always, in the sessions of a role that
// needs one.
func TestWhoseSecondFactorCounts(t *testing.T) {
	o := newOutside(t, func(r *signin.Rules) { r.ACR = "strong" })
	if _, err := o.d.Pool().Exec(t.Context(), `INSERT INTO factor_roles (role) VALUES ('hr')`); err != nil {
		t.Fatal(err)
	}
	mfa, strong := map[string]any{"amr": []string{"pwd", "mfa"}}, map[string]any{"acr": "strong"}
	for _, tc := range []struct {
		by   signin.FactorBy
		says map[string]any
		owes signin.Owed
	}{
		{signin.FactorOurs, mfa, signin.Enrolment}, {signin.FactorShown, nil, signin.Enrolment}, {signin.FactorShown, mfa, signin.Nothing},
		{signin.FactorShown, strong, signin.Nothing}, {signin.FactorTheirs, nil, signin.Nothing},
	} {
		o.rules(func(r *signin.Rules) { r.Factor = tc.by })
		if _, found := o.enters(tc.says); found.Owes != tc.owes {
			t.Errorf("%s, and the provider says %v: owes %d, want %d", tc.by, tc.says, found.Owes, tc.owes)
		}
	}
	token, _ := o.enters(nil)
	o.rules(func(r *signin.Rules) { r.Factor = signin.FactorOurs })
	if found := o.find(token); found.Owes != signin.Enrolment {
		t.Errorf("after the rule changed: owes %d", found.Owes)
	}
}

// TestALogoutTokenEndsWhatItNamesOnce: one session, or all of somebody, and never the sessions that a password began.
func TestALogoutTokenEndsWhatItNamesOnce(t *testing.T) {
	o := newOutside(t, func(*signin.Rules) {})
	first, _ := o.enters(map[string]any{"sid": "s1"})
	second, _ := o.enters(map[string]any{"sid": "s2"})
	third, _ := o.enters(map[string]any{"sub": "sub-3", "sid": "s3", "email": "third@example.com"})
	lives := func(token string) bool {
		_, err := o.signin.Find(t.Context(), token)
		return err == nil
	}
	one := o.issuer.Sign(o.issuer.Logout(map[string]any{"sid": "s1"}))
	if err := o.signin.EndByProvider(t.Context(), one); err != nil || lives(first) || !lives(second) || !lives(third) {
		t.Errorf("one session: %v; %v %v %v", err, lives(first), lives(second), lives(third))
	}
	if err := o.signin.EndByProvider(t.Context(), one); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("sent again: %v", err)
	}
	if err := o.signin.EndByProvider(t.Context(), o.issuer.Sign(o.issuer.Logout(nil))); err != nil || lives(second) || !lives(third) {
		t.Errorf("all of somebody: %v; %v %v", err, lives(second), lives(third))
	}
	if err := o.signin.EndByProvider(t.Context(), o.issuer.Sign(o.issuer.Identity("nonce", nil))); apperr.KindOf(err) != apperr.InvalidInput || !lives(third) {
		t.Errorf("an ID token: %v", err)
	}
}

// TestWhatWaitsIsSealedAndRunsOut: the database holds neither verifier nor form to read, and what is too old is gone.
func TestWhatWaitsIsSealedAndRunsOut(t *testing.T) {
	o := newOutside(t, func(*signin.Rules) {})
	sent, err := o.signin.Send(t.Context(), signin.Flow{Purpose: signin.ToProve, Form: []signin.FormField{{Name: "note", Value: "a private word"}}})
	if err != nil {
		t.Fatal(err)
	}
	var readable int
	if err := o.d.Pool().QueryRow(t.Context(), `SELECT count(*) FROM sso_flows WHERE position('a private word'::bytea IN sealed) > 0`).Scan(&readable); err != nil || readable != 0 {
		t.Errorf("%d rows can be read, %v", readable, err)
	}
	if _, err := o.d.Pool().Exec(t.Context(), `UPDATE sso_flows SET expires_at = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	if _, err := o.signin.Take(t.Context(), sent.State, sent.Browser); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("too late: %v", err)
	}
	if err := o.signin.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := o.d.Pool().QueryRow(t.Context(), `SELECT count(*) FROM sso_flows`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d are left, %v", left, err)
	}
	o.issuer.Break(true)
	if _, err := o.signin.Redeem(t.Context(), signin.Flow{}, openid.Answer{}); !errors.Is(err, openid.ErrAway) {
		t.Errorf("away: %v", err)
	}
}
