package incident

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// NewMember is somebody to be added to a case.
type NewMember struct {
	UserID   string
	Function Function
	Sees     Sees
}

func (n *NewMember) tidy() error {
	var p apperr.Problems
	_, err := id.Parse(n.UserID)
	p.Check(err == nil, "user_id", "Choose who is to be added.")
	p.Check(slices.Contains(Functions(), n.Function), "function", "Choose a function.")
	p.Check(n.Sees == Whole || n.Sees == Tasks, "sees", "Choose how much this member sees.")
	p.Check(n.Sees == Whole || !n.Function.Leads() && n.Function != Observer, "sees",
		"Lead, deputy and observers see the whole case.")
	return p.Err()
}

// AddMember lets somebody into the case, or changes what a member is in it; the lead and the deputy may. The subject
// and whoever the subject referred cannot be added. A new lead makes the present one a deputy.
func (s *Service) AddMember(ctx context.Context, actor authz.Actor, caseID ID, n NewMember) error {
	if err := n.tidy(); err != nil {
		return err
	}
	return s.lead(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		if err := welcome(ctx, tx, caseID, n); err != nil {
			return err
		}
		members, err := membersOf(ctx, tx, caseID)
		if err != nil {
			return err
		}
		if n.Function == Lead {
			if err := deputise(ctx, tx, caseID); err != nil {
				return err
			}
		} else if isLead(members, n.UserID) {
			return apperr.Invalid("function", "A case needs a lead. Make somebody else the lead first.")
		}
		if err := putMember(ctx, tx, caseID, n.UserID, n.Function, n.Sees); err != nil {
			return err
		}
		return tellMember(ctx, tx, c, n)
	})
}

// welcome refuses who cannot be a member, or cannot lead.
func welcome(ctx context.Context, q db.Querier, caseID ID, n NewMember) error {
	ok, err := isAddable(ctx, q, caseID, n.UserID, authz.CaseRead)
	if err != nil {
		return err
	}
	if !ok {
		return apperr.Invalid("user_id", "This person cannot be a member of this case.")
	}
	if !n.Function.Leads() {
		return nil
	}
	if ok, err = isAddable(ctx, q, caseID, n.UserID, authz.CaseLead); err == nil && !ok {
		return apperr.Invalid("function", "This person's role does not lead cases.")
	}
	return err
}

func tellMember(ctx context.Context, tx *db.Tx, c Case, n NewMember) error {
	members, err := membersOf(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	sees := "sees the whole case"
	if n.Sees == Tasks {
		sees = "sees their tasks only"
	}
	return tell(ctx, tx, c, event{Kind: "case.member_added",
		Text:   fmt.Sprintf("%s is a member: %s, %s.", names(members)[n.UserID], n.Function.Title(), sees),
		Detail: map[string]any{"user": n.UserID, "function": n.Function, "sees": n.Sees}})
}

func isLead(members []Member, userID string) bool {
	return slices.ContainsFunc(members, func(m Member) bool {
		return m.UserID == userID && m.Function == Lead && m.RemovedAt == nil
	})
}

// RemoveMember takes somebody out of the case, and their open steps with them. The lead can only be replaced.
func (s *Service) RemoveMember(ctx context.Context, actor authz.Actor, caseID ID, userID string) error {
	return s.lead(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		members, err := membersOf(ctx, tx, caseID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(current(members), func(m Member) bool { return m.UserID == userID }) {
			return apperr.Missing("member")
		}
		if isLead(members, userID) {
			return apperr.Conflict("A case needs a lead. Make somebody else the lead first.")
		}
		if err := removeMember(ctx, tx, caseID, userID); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "case.member_removed",
			Text:   fmt.Sprintf("%s is no longer a member.", names(members)[userID]),
			Detail: map[string]any{"user": userID}})
	})
}
