package claim_test

import (
	"testing"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/seal"
)

func setup(t *testing.T) (*db.DB, *claim.Service) {
	t.Helper()
	t.Parallel()
	d := dbtest.New(t)
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return d, claim.NewService(d, lib, persontest.Service(t, d))
}

func write(t *testing.T, d *db.DB, fn func(tx *db.Tx) error) error {
	t.Helper()
	return d.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "test.done", SubjectKind: "test", SubjectID: "1"})
		return fn(tx)
	})
}

func add(t *testing.T, d *db.DB, s *claim.Service, personID person.ID, claims ...claim.New) []claim.Claim {
	t.Helper()
	var added []claim.Claim
	if err := write(t, d, func(tx *db.Tx) (err error) {
		added, err = s.Add(t.Context(), tx, personID, claims)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return added
}

func TestAddAndReplace(t *testing.T) {
	d, claims := setup(t)
	p := persontest.New(t, d)
	northwind := claim.New{Kind: claim.Employer, Value: "Northwind", Detail: claim.Detail{Role: "Engineer", From: "2021-03"}}
	name := claim.New{Kind: claim.Name, Value: "Robin Vale"}
	phone := claim.New{Kind: claim.Phone, Value: "+351 21 555 0100", Source: "CV"}
	first := add(t, d, claims, p.ID, northwind, name, phone)

	now, err := claims.ForPerson(t.Context(), d.Pool(), p.ID)
	if err != nil || len(now) != 3 || now[0].Kind != claim.Name || now[2].Detail != northwind.Detail || now[0].ClaimID != "claim-identity" {
		t.Fatalf("first: %+v, %v", now, err)
	}

	left := northwind
	left.Detail.To = "2026-01"
	var added, retired []claim.Claim
	replace := func(list ...claim.New) error {
		return write(t, d, func(tx *db.Tx) (err error) {
			added, retired, err = claims.Replace(t.Context(), tx, p.ID, list)
			return err
		})
	}
	if err := replace(name, phone, left); err != nil {
		t.Fatal(err)
	}
	if len(added) != 1 || added[0].Detail.To != "2026-01" || len(retired) != 1 || retired[0].ID != first[0].ID {
		t.Errorf("added %+v, retired %+v", added, retired)
	}
	if err := replace(name, claim.New{Kind: claim.Email, Value: "nowhere"}); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("an address that is none: %v", err)
	} else if invalid, _ := apperr.AsInvalid(err); invalid.Fields[claim.Field(1, "value")] == "" {
		t.Errorf("the message is not at its row: %v", invalid.Fields)
	}
	if now, err = claims.ForPerson(t.Context(), d.Pool(), p.ID); err != nil || len(now) != 3 {
		t.Errorf("after a refused change: %+v, %v", now, err)
	}
}

func TestRetireIsForThePersonsOwnClaims(t *testing.T) {
	d, claims := setup(t)
	p, other := persontest.New(t, d), persontest.New(t, d)
	added := add(t, d, claims, p.ID, claim.New{Kind: claim.Name, Value: "Robin Vale"})
	retire := func(personID person.ID) error {
		return write(t, d, func(tx *db.Tx) error { return claims.Retire(t.Context(), tx, personID, added[0].ID) })
	}
	if err := retire(other.ID); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("another person's claim: %v", err)
	}
	if err := retire(p.ID); err != nil {
		t.Error(err)
	}
	if err := retire(p.ID); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("twice: %v", err)
	}
}

func TestMatchingNamesOnlyPeopleInSight(t *testing.T) {
	d, claims := setup(t)
	manager := accounttest.Actor(t, d, authz.HiringManager)
	p := persontest.New(t, d, persontest.ManagedBy(manager.ID, "stage-sourcing"))
	mine := persontest.New(t, d, persontest.ManagedBy(manager.ID, "stage-sourcing"))
	theirs := persontest.New(t, d)
	former := persontest.New(t, d)
	add(t, d, claims, p.ID, claim.New{Kind: claim.Phone, Value: "+1 416 555 0123"}, claim.New{Kind: claim.Email, Value: "p@example.com"})
	add(t, d, claims, mine.ID, claim.New{Kind: claim.Phone, Value: "0014165550123"})
	add(t, d, claims, theirs.ID, claim.New{Kind: claim.Email, Value: "P@example.com"}, claim.New{Kind: claim.Phone, Value: "14165550123"})
	gone := add(t, d, claims, former.ID, claim.New{Kind: claim.Email, Value: "p@example.com"})
	if err := write(t, d, func(tx *db.Tx) error { return claims.Retire(t.Context(), tx, former.ID, gone[0].ID) }); err != nil {
		t.Fatal(err)
	}

	got, err := claims.Matching(t.Context(), manager, p.ID)
	if err != nil || len(got.Seen) != 1 || got.Seen[0].PersonID != mine.ID || got.Unseen != 1 {
		t.Errorf("the manager: %+v, %v", got, err)
	}
	got, err = claims.Matching(t.Context(), authz.System("test"), p.ID)
	if err != nil || len(got.Seen) != 3 || got.Unseen != 0 {
		t.Errorf("who sees all: %+v, %v", got, err)
	}
}

// TestPaymentsLieEncrypted: neither the table nor the audit log shows them, and yet the same account is found with somebody else.
func TestPaymentsLieEncrypted(t *testing.T) {
	d, claims := setup(t)
	p, other, stranger := persontest.New(t, d), persontest.New(t, d), persontest.New(t, d)
	account := claim.New{Kind: claim.Payment, Value: "To DE89 3704 0044 0532 0130 00", Detail: claim.Detail{Method: "bank"}}
	added := add(t, d, claims, p.ID, account, claim.New{Kind: claim.Payment, Value: "By bank transfer"})
	add(t, d, claims, other.ID, claim.New{Kind: claim.Payment, Value: "iban de89370400440532013000"}, claim.New{Kind: claim.Payment, Value: "By bank transfer"})
	add(t, d, claims, stranger.ID, claim.New{Kind: claim.Payment, Value: "By bank transfer"})
	if added[0].Value != account.Value || !seal.IsLogged(added[0].Logged()) {
		t.Errorf("added %+v, logged %q", added[0], added[0].Logged())
	}
	var open int
	if err := d.Pool().QueryRow(t.Context(), `SELECT count(*) FROM claims c WHERE c::text ~* '3704 ?0044|transfer'`).Scan(&open); err != nil || open != 0 {
		t.Errorf("%d rows hold a payment openly, %v", open, err)
	}
	if _, err := d.Pool().Exec(t.Context(), `UPDATE claims SET value = 'x' WHERE id = $1`, added[0].ID); err == nil {
		t.Error("the table takes a payment that lies open")
	}
	got, err := claims.Matching(t.Context(), authz.System("test"), p.ID)
	if err != nil || len(got.Seen) != 1 || got.Seen[0].PersonID != other.ID || got.Seen[0].Kind != claim.Payment {
		t.Errorf("matching: %+v, %v", got, err)
	}

	// The same list again changes nothing: what is there is compared as it reads.
	if err := write(t, d, func(tx *db.Tx) error {
		more, gone, err := claims.Replace(t.Context(), tx, p.ID, []claim.New{account})
		if len(more) != 0 || len(gone) != 1 || gone[0].Value != "By bank transfer" || !seal.IsLogged(gone[0].Logged()) {
			t.Errorf("added %+v, retired %+v", more, gone)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Pool().Exec(t.Context(), `UPDATE person_keys SET wrapped = NULL, destroyed_at = now() WHERE person_id = $1`, p.ID); err != nil {
		t.Fatal(err)
	}
	now, err := claims.ForPerson(t.Context(), d.Pool(), p.ID)
	if err != nil || len(now) != 1 || now[0].Value != person.Unreadable {
		t.Errorf("once erased: %+v, %v", now, err)
	}
}

// TestPaymentsOfBeforeAreEncrypted takes the constraint away to write as it was written once.
func TestPaymentsOfBeforeAreEncrypted(t *testing.T) {
	d, claims := setup(t)
	p, erased := persontest.New(t, d), persontest.New(t, d)
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := d.Pool().Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`ALTER TABLE claims DROP CONSTRAINT claims_payment_sealed`)
	for _, personID := range []person.ID{p.ID, erased.ID} {
		exec(`INSERT INTO claims (id, person_id, kind, claim_id, value, made_at) VALUES ($1, $2, 'payment', 'claim-payment', 'DE89370400440532013000', now())`,
			id.New(), personID)
	}
	exec(`UPDATE person_keys SET wrapped = NULL, destroyed_at = now() WHERE person_id = $1`, erased.ID)
	if err := d.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "candidate.added", SubjectKind: "person", SubjectID: string(p.ID), PersonID: string(p.ID),
			Changes: []db.Change{db.Changed("claim payment added 1", "", "DE89370400440532013000"), db.Changed("name", "", "Robin")}})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		if err := claims.SealOpen(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	now, err := claims.ForPerson(t.Context(), d.Pool(), p.ID)
	if err != nil || len(now) != 1 || now[0].Value != "DE89370400440532013000" {
		t.Errorf("%+v, %v", now, err)
	}
	var open, keys, values, entries int
	if err := d.Pool().QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM claims c WHERE c::text LIKE '%3704%'), (SELECT count(*) FROM claims WHERE match_key LIKE 'account:%'),
		       (SELECT count(*) FROM audit_values), (SELECT count(*) FROM audit_entries WHERE action LIKE 'values.%')`).Scan(&open, &keys, &values, &entries); err != nil {
		t.Fatal(err)
	}
	if open != 0 || keys != 1 || values != 1 || entries != 2 {
		t.Errorf("%d lie open, %d have a key, %d values are left of the log, %d entries", open, keys, values, entries)
	}
}
