package incident

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
)

// What the catalogue marks as special in a dossier, such as numbers of documents, bank accounts and wallets, lies encrypted
// under the subject's data key. A match key finds the same number again however it is written, without showing it.

// OwnerOfEntry names the row of a dossier entry to the encryption of its value.
func OwnerOfEntry(id string) string { return "dossier_entries/" + id }

// stored makes the row of an entry.
func (s *Service) stored(ctx context.Context, q db.Querier, c Case, field *catalogue.Field, e Entry) (storedEntry, error) {
	row := storedEntry{Entry: e}
	if field.Sensitivity != catalogue.SensitivitySpecial || e.Value == "" {
		return row, nil
	}
	key, err := s.people.DataKey(ctx, q, person.ID(c.PersonID))
	if err != nil {
		return row, err
	}
	return s.sealEntry(key, field, e)
}

func (s *Service) sealEntry(key seal.DataKey, field *catalogue.Field, e Entry) (storedEntry, error) {
	row := storedEntry{Entry: e}
	var err error
	row.Sealed, err = key.SealValue(e.Value, OwnerOfEntry(e.ID))
	row.MatchKey, row.Value = s.matchKey(field, e.Value), ""
	return row, err
}

// matchKey is equal for two spellings of the same special value; empty where the field links nobody.
func (s *Service) matchKey(field *catalogue.Field, value string) string {
	switch {
	case !field.Identifier:
		return ""
	case field.Type == typeWallet || field.Type == typeBank:
		return s.accounts.Key(value)
	}
	return field.ID + ":" + hex.EncodeToString(s.people.Blind(field.ID).Index(claim.Plain(value)))
}

// logged is the value of an entry for the audit log: what lies encrypted stays so there.
func (e storedEntry) logged() string {
	if e.Sealed != nil {
		return seal.Logged(e.Sealed)
	}
	return e.Value
}

// entries reads the dossier's entries with their values.
func (s *Service) entries(ctx context.Context, q db.Querier, c Case) ([]Entry, error) {
	rows, err := entriesOf(ctx, q, c)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(rows))
	var opener *person.Opener
	for i, r := range rows {
		entries[i] = r.Entry
		if r.Sealed == nil {
			continue
		}
		if opener == nil {
			opener = s.people.Opener(person.ID(c.PersonID), r.Wrapped)
		}
		if entries[i].Value, err = opener.Open(r.Sealed, OwnerOfEntry(r.ID)); err != nil {
			return nil, fmt.Errorf("dossier entry %s: %w", r.ID, err)
		}
	}
	return entries, nil
}

// SealOpen encrypts special values of dossiers, and destinations of payments, that were entered before such were, and erases what
// the audit log kept of them.
func (s *Service) SealOpen(ctx context.Context) error {
	fields := map[string]*catalogue.Field{}
	for _, field := range s.lib.Current().Dossier {
		if field.Sensitivity == catalogue.SensitivitySpecial {
			fields[field.ID] = field
		}
	}
	special := slices.Sorted(maps.Keys(fields))
	put := func(tx *db.Tx, v person.OpenValue, key *seal.DataKey) (err error) {
		row := storedEntry{Entry: Entry{ID: v.ID}}
		if key != nil {
			if row, err = s.sealEntry(*key, fields[v.Kind], Entry{ID: v.ID, Value: v.Value}); err != nil {
				return err
			}
		}
		return setEntrySealed(ctx, tx, v, row)
	}
	next := func(q db.Querier, most int) ([]person.OpenValue, error) { return openEntries(ctx, q, special, most) }
	if err := s.people.SealOpen(ctx, "dossier_entries", next, put); err != nil {
		return err
	}
	if err := s.payments.SealOpen(ctx); err != nil {
		return err
	}
	return s.db.EraseValues(ctx, authz.System("keys"), "dossier_entries", `
		e.action IN ('dossier.entry_added', 'dossier.entry_removed') AND v.field = 'value'
		AND e.detail->>'field' = ANY ($1) AND coalesce(v.old, v.new) NOT LIKE 'encrypted:%'`, special)
}

// suggestions are what is known of the person elsewhere, accounts included.
func (s *Service) suggestions(ctx context.Context, q db.Querier, c Case) ([]Suggestion, error) {
	found, err := suggestionsOf(ctx, q, c)
	if err != nil {
		return nil, err
	}
	told, err := accountsOf(ctx, q, c)
	if err != nil {
		return nil, err
	}
	var opener *person.Opener
	for _, t := range told {
		if opener == nil {
			opener = s.people.Opener(person.ID(c.PersonID), t.Wrapped)
		}
		value, err := opener.Open(t.Sealed, t.owner())
		if err != nil {
			return nil, fmt.Errorf("account of %s: %w", t.owner(), err)
		}
		found = append(found, Suggestion{FieldID: t.field(value), Value: value, Source: t.Source})
	}
	return found, nil
}

func (t toldAccount) owner() string {
	if t.Source == byPayment {
		return payment.ID(t.ID).Owner()
	}
	return claim.ID(t.ID).Owner()
}

// field is the one that the account would fill.
func (t toldAccount) field(value string) string {
	kind, _ := claim.Account(value)
	switch payment.Method(t.Method) {
	case payment.OnChain:
		kind = claim.Wallet
	case payment.BankTransfer:
		kind = claim.Bank
	}
	switch kind {
	case claim.Wallet:
		return "field-wallet"
	case claim.Bank:
		return "field-bank-account"
	}
	return "field-payment-profile"
}
