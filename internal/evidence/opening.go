package evidence

import (
	"context"
	"slices"
	"strings"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// maxReason bounds the reason for opening an item, in characters.
const maxReason = 500

// Never is the sensitivity from which on a policy asks for a reason when it asks for none.
const Never catalogue.Sensitivity = "never"

// Policy says where opening what an item holds asks for a reason.
type Policy struct {
	// ReasonFrom is the mildest sensitivity that asks for one; Never for none.
	ReasonFrom catalogue.Sensitivity
	Version    int
}

// Asks reports whether somebody who opens the item has to say why.
func (p Policy) Asks(i Item) bool {
	all := Sensitivities()
	from := slices.Index(all, p.ReasonFrom)
	return from >= 0 && slices.Index(all, i.Sensitivity) >= from
}

// SealedError says that a case is sealed, and that its member has not said of late why they open it.
type SealedError struct{ CaseID string }

func (e *SealedError) Error() string { return "case " + e.CaseID + " is sealed" }

// Opening is how and why somebody opens an item.
type Opening struct {
	// How is Viewed, Downloaded or Exported.
	How Touch
	// Reason is why, in their words. An export has one of its own, so that its items need none.
	Reason string
}

// Policy returns the policy in force.
func (s *Service) Policy(ctx context.Context) (Policy, error) { return policyOf(ctx, s.db.Pool()) }

// SetPolicy replaces the policy. An unknown sensitivity is InvalidInput at the field "reason_from"; a policy that was changed
// since its Version was read is a Conflict.
func (s *Service) SetPolicy(ctx context.Context, actor authz.Actor, p Policy) error {
	if p.ReasonFrom != Never && !slices.Contains(Sensitivities(), p.ReasonFrom) {
		return apperr.Invalid("reason_from", "Choose when a reason is asked for.")
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		was, err := policyOf(ctx, tx)
		if err != nil {
			return err
		}
		if err := setPolicy(ctx, tx, p); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "opening_policy.set", SubjectKind: "installation", SubjectID: "opening_policy",
			Detail: map[string]any{"from": was.ReasonFrom, "to": p.ReasonFrom}})
		return nil
	})
}

// reasonFor checks what the actor gave as reason for opening the item.
func reasonFor(ctx context.Context, tx *db.Tx, item Item, o Opening) (string, error) {
	reason := strings.TrimSpace(o.Reason)
	if len([]rune(reason)) > maxReason {
		return "", apperr.Invalid("reason", "Use at most %d characters.", maxReason)
	}
	if reason != "" || o.How == Exported || tx.Actor.Kind == authz.KindSystem {
		return reason, nil
	}
	policy, err := policyOf(ctx, tx)
	if err == nil && policy.Asks(item) {
		err = apperr.Invalid("reason", "Say why you open it.")
	}
	return "", err
}
