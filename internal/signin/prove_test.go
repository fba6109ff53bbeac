package signin_test

import (
	"crypto/rand"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"gatehouse/internal/account"
	"gatehouse/internal/factor"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/seal"
	"gatehouse/internal/signin"
)

// gate is sign-in with second factors.
type gate struct {
	*testing.T
	d        *db.DB
	accounts *account.Service
	factors  *factor.Service
	signin   *signin.Service
	user     account.User
}

func newGate(t *testing.T) *gate {
	t.Helper()
	t.Parallel()
	d := dbtest.New(t)
	g := &gate{T: t, d: d, accounts: account.NewService(d), factors: factor.NewService(d, ring(t))}
	g.signin = signin.NewService(d, g.accounts, g.factors, ring(t), nil)
	g.user = g.add("a@example.com", authz.HR)
	return g
}

func ring(t *testing.T) *seal.Keyring {
	t.Helper()
	master := make([]byte, 32)
	rand.Read(master)
	keys, err := seal.NewKeyring(master)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (g *gate) must(err error) {
	g.Helper()
	if err != nil {
		g.Fatal(err)
	}
}

func (g *gate) add(email string, role authz.Role) account.User {
	g.Helper()
	id, err := g.accounts.Add(ctx, authz.System("test"), account.New{Email: email, Name: email, Password: password, Roles: []authz.Role{role}})
	g.must(err)
	u, err := g.accounts.ByID(ctx, id)
	g.must(err)
	return u
}

func (g *gate) begin() string {
	g.Helper()
	return begin(g.T, g.signin)
}

// code is what the user's authenticator shows so many steps from now.
func (g *gate) code(secret string, steps int) string {
	g.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	g.must(err)
	return code
}

// enrol sets an authenticator up in a session; it gives the secret, the recovery codes and the session's new token.
func (g *gate) enrol(token string) (secret string, recovery []string, next string) {
	g.Helper()
	g.must(g.factors.Begin(ctx, g.user))
	pending, err := g.factors.Pending(ctx, g.user)
	g.must(err)
	recovery, next, err = g.signin.ConfirmAuthenticator(ctx, token, g.code(pending.Secret, -1))
	g.must(err)
	return pending.Secret, recovery, next
}

func (g *gate) find(token string) signin.Session {
	g.Helper()
	found, err := g.signin.Find(ctx, token)
	g.must(err)
	return found
}

func (g *gate) gone(token string) bool {
	g.Helper()
	_, err := g.signin.Find(ctx, token)
	return apperr.KindOf(err) == apperr.Unauthenticated
}

func (g *gate) actions(action string) (n int) {
	g.Helper()
	g.must(g.d.Pool().QueryRow(ctx, `SELECT count(*) FROM audit_entries WHERE action = $1`, action).Scan(&n))
	return n
}

func TestAnAuthenticatorIsAskedForFromThenOn(t *testing.T) {
	g := newGate(t)
	here, elsewhere := g.begin(), g.begin()
	secret, recovery, next := g.enrol(here)
	if len(recovery) != factor.RecoveryCodes {
		t.Errorf("%d recovery codes", len(recovery))
	}
	if !g.gone(here) {
		t.Error("the token before the factor still opens the session")
	}
	if got := g.find(next).Owes; got != signin.Nothing {
		t.Errorf("the session that set it up owes %d", got)
	}
	if got := g.find(elsewhere).Owes; got != signin.Code {
		t.Errorf("the other session owes %d, want a code", got)
	}
	later := g.begin()
	if got := g.find(later).Owes; got != signin.Code {
		t.Errorf("a later session owes %d, want a code", got)
	}
	if _, err := g.signin.Prove(ctx, later, signin.Proof{Typed: g.code(secret, -1)}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("the code of the enrolment counts again: %v", err)
	}
	proved, err := g.signin.Prove(ctx, later, signin.Proof{Typed: g.code(secret, 0)})
	g.must(err)
	if got := g.find(proved); got.Owes != signin.Nothing || !g.signin.ProvedLately(got) {
		t.Errorf("after the code: %+v", got)
	}
	if !g.gone(later) {
		t.Error("the token of the half session opens the whole one")
	}
	if _, err := g.signin.Prove(ctx, elsewhere, signin.Proof{Typed: g.code(secret, 0)}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a code counts twice: %v", err)
	}
	if n := g.actions("session.proved"); n != 2 {
		t.Errorf("%d entries of proofs, want 2", n)
	}
}

// said is what a refused proof tells whoever gave it.
func said(err error) string {
	invalid, ok := apperr.AsInvalid(err)
	if !ok {
		return ""
	}
	return invalid.Fields["proof"]
}

func TestARecoveryCodeCountsOnce(t *testing.T) {
	g := newGate(t)
	_, recovery, _ := g.enrol(g.begin())
	first, second := g.begin(), g.begin()
	if _, err := g.signin.Prove(ctx, first, signin.Proof{Typed: strings.ToLower(recovery[3])}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.signin.Prove(ctx, second, signin.Proof{Typed: recovery[3]}); said(err) != "That is none of the recovery codes you have left. Each works once." {
		t.Errorf("used again: %v", err)
	}
	state, err := g.factors.Of(ctx, g.user.ID)
	g.must(err)
	if state.RecoveryLeft != factor.RecoveryCodes-1 {
		t.Errorf("%d left", state.RecoveryLeft)
	}
	fresh, err := g.factors.RenewCodes(ctx, g.user)
	g.must(err)
	if _, err := g.signin.Prove(ctx, second, signin.Proof{Typed: recovery[4]}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("an old code after new ones were made: %v", err)
	}
	if _, err := g.signin.Prove(ctx, second, signin.Proof{Typed: fresh[0]}); err != nil {
		t.Error(err)
	}
}

func TestGuessingEndsTheSession(t *testing.T) {
	g := newGate(t)
	secret, _, _ := g.enrol(g.begin())
	token := g.begin()
	for _, warning := range []string{"recovery code.", "recovery code.", "Two more tries are left.", "After one more that is wrong you are signed out."} {
		if _, err := g.signin.Prove(ctx, token, signin.Proof{Typed: "000000"}); !strings.HasSuffix(said(err), warning) {
			t.Fatalf("a wrong code: %v", err)
		}
	}
	if _, err := g.signin.Prove(ctx, token, signin.Proof{Typed: "000000"}); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("the fifth wrong code: %v", err)
	}
	if _, err := g.signin.Prove(ctx, token, signin.Proof{Typed: g.code(secret, 0)}); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("the right code after the session ended: %v", err)
	}
	if n := g.actions("session.proof_refused"); n != 5 {
		t.Errorf("%d entries of refused proofs, want 5", n)
	}
}

// TestManyTriesAtATimeAreNoMoreThanOneAfterTheOther, by password and by code.
func TestManyTriesAtATimeAreNoMoreThanOneAfterTheOther(t *testing.T) {
	g := newGate(t)
	for _, name := range []string{"password", "code"} {
		if name == "code" {
			g.enrol(g.begin())
		}
		token := g.begin()
		var looked atomic.Int32
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				if _, err := g.signin.Prove(ctx, token, signin.Proof{Typed: "000000"}); apperr.KindOf(err) == apperr.InvalidInput {
					looked.Add(1)
				}
			})
		}
		wait.Wait()
		if n := looked.Load(); n > 4 {
			t.Errorf("%s: %d tries were only refused, want the fifth to end the session", name, n)
		}
		if !g.gone(token) {
			t.Errorf("%s: the session lives on", name)
		}
	}
}

// TestOneSetOfRecoveryCodesCounts, however many are made at the same moment.
func TestOneSetOfRecoveryCodesCounts(t *testing.T) {
	g := newGate(t)
	g.enrol(g.begin())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := g.factors.RenewCodes(ctx, g.user); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if has, err := g.factors.Of(ctx, g.user.ID); err != nil || has.RecoveryLeft != factor.RecoveryCodes {
		t.Errorf("%d codes count, error %v", has.RecoveryLeft, err)
	}
}

func TestWithoutAFactorThePasswordProves(t *testing.T) {
	g := newGate(t)
	token := g.begin()
	if _, err := g.signin.Prove(ctx, token, signin.Proof{Typed: "not the password"}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a wrong password: %v", err)
	}
	_, err := g.d.Pool().Exec(ctx, `UPDATE sessions SET proved_at = proved_at - interval '16 minutes'`)
	g.must(err)
	g.signin.Forget()
	if g.signin.ProvedLately(g.find(token)) {
		t.Error("a proof of sixteen minutes ago counts as late")
	}
	next, err := g.signin.Prove(ctx, token, signin.Proof{Typed: password})
	g.must(err)
	if !g.signin.ProvedLately(g.find(next)) || !g.gone(token) {
		t.Error("the password did not prove, or the old token lives on")
	}
}

func TestARoleMayAskForAFactor(t *testing.T) {
	g := newGate(t)
	admin := g.add("admin@example.com", authz.Administrator)
	token := g.begin()
	g.must(g.factors.Require(ctx, admin.Actor(), []authz.Role{authz.HR, authz.HR}))
	g.signin.Forget()
	if got := g.find(token).Owes; got != signin.Enrolment {
		t.Fatalf("owes %d, want to set one up", got)
	}
	_, _, next := g.enrol(token)
	if got := g.find(next).Owes; got != signin.Nothing {
		t.Errorf("after setting it up: owes %d", got)
	}
	if err := g.factors.Remove(ctx, g.user); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("what the role asks for is removed: %v", err)
	}
	if err := g.factors.Begin(ctx, g.user); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a second authenticator replaces the first: %v", err)
	}
	has, err := g.factors.Of(ctx, g.user.ID)
	g.must(err)
	if err := g.factors.Reset(ctx, admin.Actor(), g.user.ID, has.Mark(), ""); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a reset without a reason: %v", err)
	}
	if err := g.factors.Reset(ctx, admin.Actor(), g.user.ID, factor.State{}.Mark(), "stale"); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a reset of what is there no more: %v", err)
	}
	g.must(g.factors.Reset(ctx, admin.Actor(), g.user.ID, has.Mark(), "She called from her desk; her manager stood beside her."))
	if err := g.factors.Reset(ctx, admin.Actor(), g.user.ID, has.Mark(), "again"); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("nothing to reset: %v", err)
	}
	g.must(g.signin.EndAll(ctx, admin.Actor(), g.user.ID))
	if got := g.find(g.begin()).Owes; got != signin.Enrolment {
		t.Errorf("after the reset: owes %d, want to set one up", got)
	}
	if err := g.factors.Require(ctx, admin.Actor(), []authz.Role{"nobody"}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a role that does not exist: %v", err)
	}
}

// TestAPasskeyAnswersOnceAndOnlyToWhatWasAsked: an answer without a question, and one that is none, prove nothing and use up the
// question; a browser test proves with a real one.
func TestAPasskeyAnswersOnceAndOnlyToWhatWasAsked(t *testing.T) {
	g := newGate(t)
	site := factor.Site{Host: "localhost", Origin: "http://localhost:8080"}
	token := g.begin()
	found := g.find(token)
	if _, err := g.signin.BeginProof(ctx, found, site); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a question to nobody's passkey: %v", err)
	}
	if _, _, err := g.signin.AddPasskey(ctx, token, site, "laptop", []byte("{}")); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("an answer to no question: %v", err)
	}
	options, err := g.signin.BeginPasskey(ctx, found, site)
	g.must(err)
	if !strings.Contains(string(options), `"challenge"`) {
		t.Errorf("options %s", options)
	}
	if _, _, err := g.signin.AddPasskey(ctx, token, site, "laptop", []byte(`{"id":"x","type":"public-key"}`)); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("an answer that is none: %v", err)
	}
	_, _, whole := g.enrol(token)
	if _, err := g.signin.Prove(ctx, whole, signin.Proof{Answer: []byte("{}"), Site: site}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a proof that answers nothing: %v", err)
	}
	if n := g.actions("session.proof_refused"); n != 1 {
		t.Errorf("%d refused proofs, want 1", n)
	}
}

// TestWhoOwesACodeAddsNoFactor: somebody with the password alone must not bring a second factor of their own.
func TestWhoOwesACodeAddsNoFactor(t *testing.T) {
	g := newGate(t)
	_, err := g.d.Pool().Exec(ctx, `
		INSERT INTO passkeys (id, user_id, name, credential_id, credential, created_at)
		VALUES (gen_random_uuid(), $1, 'hers', '\x01', '\x01', now())`, g.user.ID)
	g.must(err)
	g.must(g.factors.Begin(ctx, g.user))
	pending, err := g.factors.Pending(ctx, g.user)
	g.must(err)
	token := g.begin()
	if got := g.find(token).Owes; got != signin.Code {
		t.Fatalf("owes %d, want a code", got)
	}
	if _, _, err := g.signin.ConfirmAuthenticator(ctx, token, g.code(pending.Secret, 0)); apperr.KindOf(err) != apperr.Unauthenticated {
		t.Errorf("an authenticator of one's own: %v", err)
	}
	if _, err := g.factors.Passkeys(ctx, g.user.ID); err != nil {
		t.Error(err)
	}
	if err := g.factors.RemovePasskey(ctx, g.add("b@example.com", authz.HR), "00000000-0000-0000-0000-000000000001"); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("another's passkey: %v", err)
	}
}

// TestWhoReadsTheTableCannotTryCodes: what is kept of a recovery code cannot be worked out from the code without the
// installation's key, so nobody who has the table alone can try codes on it; and it is the user's own.
func TestWhoReadsTheTableCannotTryCodes(t *testing.T) {
	g := newGate(t)
	_, recovery, _ := g.enrol(g.begin())
	another := factor.NewService(g.d, ring(t))
	err := g.d.Write(ctx, g.user.Actor(), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "test.tried", SubjectKind: "test", SubjectID: "1"})
		right, err := another.Check(ctx, tx, g.user.ID, recovery[0], time.Now())
		if right {
			t.Error("a code counts under another key")
		}
		return err
	})
	g.must(err)
	other := g.add("b@example.com", authz.HR)
	_, err = g.d.Pool().Exec(ctx, `INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, code_hash FROM recovery_codes`, other.ID)
	g.must(err)
	g.must(g.d.Write(ctx, other.Actor(), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "test.tried", SubjectKind: "test", SubjectID: "2"})
		right, err := g.factors.Check(ctx, tx, other.ID, recovery[0], time.Now())
		if right {
			t.Error("a code copied to another user counts")
		}
		return err
	}))
	if _, err := g.signin.Prove(ctx, g.begin(), signin.Proof{Typed: recovery[0]}); err != nil {
		t.Errorf("the code itself: %v", err)
	}
}

// TestSecretsAreNotReadable: who reads the table has neither the secret nor a recovery code.
func TestSecretsAreNotReadable(t *testing.T) {
	g := newGate(t)
	secret, recovery, _ := g.enrol(g.begin())
	var rows string
	g.must(g.d.Pool().QueryRow(ctx, `
		SELECT (SELECT string_agg(encode(secret, 'escape'), ' ') FROM authenticators) || ' ' ||
		       (SELECT string_agg(encode(code_hash, 'escape'), ' ') FROM recovery_codes) || ' ' ||
		       (SELECT string_agg(to_jsonb(e)::text, ' ') FROM audit_entries e) || ' ' ||
		       coalesce((SELECT string_agg(to_jsonb(v)::text, ' ') FROM audit_values v), '')`).Scan(&rows))
	for _, s := range append(recovery, secret) {
		if strings.Contains(rows, s) {
			t.Errorf("%q can be read", s)
		}
	}
}
