package interview

import (
	"context"
	"io"
	"slices"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/upload"
)

// Attachment describes evidence for an answer.
type Attachment struct {
	CheckID string
	Kind    catalogue.EvidenceKind
	Title   string
}

// AttachFile keeps a file as evidence for the actor's answer to a check. It may come after the scorecard is in: a
// card names what was attached when it was frozen, and an amendment takes up what came later.
func (s *Service) AttachFile(ctx context.Context, actor authz.Actor, interviewID ID, a Attachment, name string, r io.Reader) (evidence.ID, error) {
	item, err := s.evidenceFor(ctx, actor, interviewID, a)
	if err != nil {
		return "", err
	}
	if a.Title == "" && name != "" {
		// A check may have several files: the check's title alone would not tell them apart.
		item.Title = cut(item.Title+": "+upload.SafeName(name), 200)
	}
	return s.evidence.AddFile(ctx, actor, item, name, r)
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// AttachLink keeps a link as evidence for the actor's answer to a check.
func (s *Service) AttachLink(ctx context.Context, actor authz.Actor, interviewID ID, a Attachment, url string) (evidence.ID, error) {
	item, err := s.evidenceFor(ctx, actor, interviewID, a)
	if err != nil {
		return "", err
	}
	return s.evidence.AddLink(ctx, actor, item, url)
}

// evidenceFor checks that the actor answers this check, and describes the item to be. No transaction: a file may
// take minutes to arrive.
func (s *Service) evidenceFor(ctx context.Context, actor authz.Actor, interviewID ID, a Attachment) (evidence.Add, error) {
	iv, err := interviewByID(ctx, s.db.Pool(), actor, interviewID)
	if err != nil {
		return evidence.Add{}, err
	}
	who, err := interviewersOf(ctx, s.db.Pool(), interviewID)
	if err != nil {
		return evidence.Add{}, err
	}
	own, is := isInterviewer(who, actor)
	if !is {
		return evidence.Add{}, apperr.Forbidden("Only the interviewers of this interview attach evidence to its answers.")
	}
	check, known := s.catalogue.At(iv.Edition).Check(a.CheckID)
	if !known || !slices.Contains(iv.Kit, a.CheckID) {
		return evidence.Add{}, apperr.Missing("check")
	}
	if iv.Status == Cancelled {
		return evidence.Add{}, apperr.Conflict("This interview was cancelled. Attach the evidence to the candidate instead.")
	}
	if a.Title == "" {
		a.Title = check.Title
	}
	return evidence.Add{PersonID: string(iv.PersonID), Kind: string(a.Kind), Title: a.Title, Source: "Interview",
		Subjects: []evidence.Subject{AnswerSubject(interviewID, a.CheckID, own.UserID)}}, nil
}
