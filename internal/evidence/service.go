package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/limit"
	"gatehouse/internal/platform/seal"
	"gatehouse/internal/platform/upload"
)

// Service collects, attaches and opens evidence.
type Service struct {
	db       *db.DB
	blobs    blob.Store
	people   *person.Service
	maxBytes int64
	looks    *limit.Once
}

const (
	// lookPeriod is how long one custody event stands for all looks of one person at an item's page.
	lookPeriod = 30 * time.Minute
	// lookers bounds what a process remembers of looks.
	lookers = 20_000
)

// NewService returns the service on d. Files go to the store, each at most maxBytes long.
func NewService(d *db.DB, store blob.Store, people *person.Service, maxBytes int64) *Service {
	return &Service{db: d, blobs: store, people: people, maxBytes: maxBytes, looks: limit.NewOnce(lookPeriod, lookers, d.Now)}
}

// MaxBytes is how long a file may be.
func (s *Service) MaxBytes() int64 { return s.maxBytes }

// AddFile takes a file in, reading r to its end: it is hashed, typed, looked at and encrypted on its way. The title defaults to
// the file's name. A file over the limit is TooLarge; after any error nothing is kept. Inside a case any file is taken, since
// evidence of an attack is an attack; elsewhere only files of the known kinds that are no hazard by their structure.
func (s *Service) AddFile(ctx context.Context, actor authz.Actor, a Add, fileName string, r io.Reader) (ID, error) {
	fileName = upload.SafeName(fileName)
	if strings.TrimSpace(a.Title) == "" {
		a.Title = fileName
	}
	key, err := s.begin(ctx, actor, &a)
	if err != nil {
		return "", err
	}
	itemID := ID(id.New())
	blobKey := string(itemID)
	policy := upload.OnlyKnown
	if a.CaseID != "" {
		policy = upload.Anything
	}
	got, err := upload.Receive(ctx, s.blobs, key, blobKey, blobKey, r, s.maxBytes, policy)
	if err != nil {
		return "", receiving(err)
	}
	if got.Size == 0 {
		// What shows nothing proves nothing; most often it is a file that was still being written.
		if err := s.blobs.Delete(context.WithoutCancel(ctx), blobKey); err != nil {
			return "", err
		}
		return "", apperr.Invalid("file", "This file is empty. Choose it again once it has content.")
	}
	err = s.keep(ctx, actor, a, newItem{
		Item:   Item{ID: itemID, Form: File, SHA256: got.SHA256[:], Size: got.Size, MediaType: got.Type, FileName: fileName, Facts: got.Facts},
		stored: stored{BlobKey: &blobKey},
	})
	if errors.Is(err, db.ErrUnsure) {
		return "", err // the row may be there, and needs its content; if it is not, the sweep finds that
	}
	if err != nil {
		// The row was not written, so nothing would ever find the blob again; the request may be gone already.
		return "", errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), blobKey))
	}
	return itemID, nil
}

// receiving gives an error of taking a file in its words for people.
func receiving(err error) error {
	if large, ok := errors.AsType[upload.TooLarge](err); ok {
		return apperr.With(err, apperr.Oversize, fmt.Sprintf("The file is larger than the %s allowed here.", Size(large.Limit)))
	}
	if refused, ok := errors.AsType[upload.Refused](err); ok {
		return apperr.Invalid("file", "%s", refusal(refused))
	}
	return err
}

func refusal(r upload.Refused) string {
	switch {
	case r.Hazard != "":
		return r.Hazard
	case r.Type == "application/octet-stream":
		return "Nothing in this file shows what it is, so it is not kept here. Add a picture, PDF, office document, text, recording or archive."
	}
	return "By its content this file is " + r.Type + ", which is not kept here. Add a picture, PDF, office document, text, recording or archive."
}

// Size spells a number of bytes.
func Size(n int64) string {
	const units = "KMGT"
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	f, unit := float64(n)/1024, 0
	for f >= 1024 && unit < len(units)-1 {
		f, unit = f/1024, unit+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") + " " + units[unit:unit+1] + "iB"
}

// AddText takes a text in.
func (s *Service) AddText(ctx context.Context, actor authz.Actor, a Add, text string) (ID, error) {
	text, err := tidyText(text)
	if err != nil {
		return "", err
	}
	return s.addBody(ctx, actor, a, Text, "text/plain", text)
}

// AddLink takes a web address in. The page itself is not fetched.
func (s *Service) AddLink(ctx context.Context, actor authz.Actor, a Add, address string) (ID, error) {
	address, err := tidyLink(address)
	if err != nil {
		return "", err
	}
	return s.addBody(ctx, actor, a, Link, "text/uri-list", address)
}

// addBody keeps content that is short enough for the row, encrypted like a file.
func (s *Service) addBody(ctx context.Context, actor authz.Actor, a Add, form Form, mediaType, content string) (ID, error) {
	key, err := s.begin(ctx, actor, &a)
	if err != nil {
		return "", err
	}
	itemID := ID(id.New())
	sealed, err := seal.Encrypt(key, string(itemID), strings.NewReader(content))
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(sealed)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(content))
	return itemID, s.keep(ctx, actor, a, newItem{
		Item:   Item{ID: itemID, Form: form, SHA256: sum[:], Size: int64(len(content)), MediaType: mediaType},
		stored: stored{Body: body},
	})
}

// begin checks, before anything is read, that the actor may add this, and fetches the key to encrypt it with.
func (s *Service) begin(ctx context.Context, actor authz.Actor, a *Add) (seal.DataKey, error) {
	if err := a.tidy(); err != nil {
		return seal.DataKey{}, err
	}
	q := s.db.Pool()
	if err := mayCollect(ctx, q, actor, a.PersonID, a.CaseID); err != nil {
		return seal.DataKey{}, err
	}
	if err := ownedBy(ctx, q, *a); err != nil {
		return seal.DataKey{}, err
	}
	if err := mayAttach(ctx, q, actor, *a); err != nil {
		return seal.DataKey{}, err
	}
	return s.people.DataKey(ctx, q, person.ID(a.PersonID))
}

// keep stores the row of content that has arrived. What begin saw is asked again: an upload can take long enough for
// the case's member to be removed or the person to be erased.
func (s *Service) keep(ctx context.Context, actor authz.Actor, a Add, i newItem) error {
	i.PersonID, i.CaseID = person.ID(a.PersonID), optional(a.CaseID)
	i.Kind, i.Title, i.Source = catalogue.EvidenceKind(a.Kind), a.Title, a.Source
	i.Sensitivity = catalogue.Sensitivity(a.Sensitivity)
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if err := mayCollect(ctx, tx, actor, a.PersonID, a.CaseID); err != nil {
			return err
		}
		if _, err := s.people.DataKey(ctx, tx, i.PersonID); err != nil {
			return err
		}
		if err := insertItem(ctx, tx, i); err != nil {
			return err
		}
		if err := insertEvent(ctx, tx, i.ID, Collected, Detail{SHA256: hex.EncodeToString(i.SHA256)}, nil); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "evidence.collected", SubjectKind: "evidence", SubjectID: string(i.ID),
			PersonID: a.PersonID, CaseID: a.CaseID,
			Detail: map[string]any{"form": i.Form, "kind": i.Kind, "sensitivity": i.Sensitivity,
				"sha256": hex.EncodeToString(i.SHA256), "size": i.Size, "media_type": i.MediaType},
			Changes: []db.Change{db.Changed("title", "", i.Title), db.Changed("source", "", i.Source)}})
		for _, subject := range a.Subjects {
			if err := attachOne(ctx, tx, owned{i.ID, i.PersonID, i.CaseID}, subject, i.CaseID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Attach ties items to a subject within the transaction that changes the subject. Items that the actor does not see
// are NotFound, and so is a subject that does not exist; whether the actor may change it is the caller's business.
func Attach(ctx context.Context, tx *db.Tx, ids []ID, subject Subject) error {
	if len(ids) == 0 {
		return nil
	}
	for i := range ids {
		parsed, err := id.Parse(string(ids[i]))
		if err != nil {
			return apperr.Missing("evidence")
		}
		ids[i] = ID(parsed)
	}
	of, err := ownerOf(ctx, tx, subject)
	if err != nil {
		return err
	}
	found, err := visibleOf(ctx, tx, tx.Actor, ids)
	if err != nil {
		return err
	}
	if len(found) != distinct(ids) {
		return apperr.Missing("evidence")
	}
	for _, item := range found {
		if err := attachOne(ctx, tx, item, subject, of.CaseID); err != nil {
			return err
		}
	}
	return nil
}

// Attach ties items to a subject within the caller's transaction.
func (s *Service) Attach(ctx context.Context, tx *db.Tx, ids []ID, subject Subject) error {
	return Attach(ctx, tx, ids, subject)
}

// Supports reports whether anything is attached to the subject that still holds what it showed.
func Supports(ctx context.Context, q db.Querier, subject Subject) (bool, error) {
	return supports(ctx, q, subject)
}

func attachOne(ctx context.Context, tx *db.Tx, item owned, subject Subject, caseID *string) error {
	fresh, err := linkOne(ctx, tx, item.ID, subject, caseID)
	if err != nil || !fresh {
		return err
	}
	tx.Record(touched(item, Attached, map[string]any{"subject_kind": subject.Kind, "subject_id": subject.ID}, caseID))
	return insertEvent(ctx, tx, item.ID, Attached, Detail{SubjectKind: subject.Kind, SubjectID: subject.ID}, caseID)
}

// touched is the audit entry of a touch. It belongs to the case that the item or the subject belongs to.
func touched(item owned, action Touch, detail map[string]any, caseID *string) db.Entry {
	e := db.Entry{Action: "evidence." + string(action), SubjectKind: "evidence", SubjectID: string(item.ID),
		PersonID: string(item.PersonID), Detail: detail}
	switch {
	case caseID != nil:
		e.CaseID = *caseID
	case item.CaseID != nil:
		e.CaseID = *item.CaseID
	}
	return e
}

// Export notes that items left with a report or a pack: one custody event for each. The caller has decided what goes
// into it; subject is what was exported, a case for instance.
func Export(ctx context.Context, tx *db.Tx, ids []ID, subject Subject) error {
	of, err := ownerOf(ctx, tx, subject)
	if err != nil {
		return err
	}
	found, err := visibleOf(ctx, tx, tx.Actor, ids)
	if err != nil {
		return err
	}
	if len(found) != distinct(ids) {
		return apperr.Missing("evidence")
	}
	for _, item := range found {
		tx.Record(touched(item, Exported, map[string]any{"subject_kind": subject.Kind, "subject_id": subject.ID}, of.CaseID))
		if err := insertEvent(ctx, tx, item.ID, Exported, Detail{SubjectKind: subject.Kind, SubjectID: subject.ID}, of.CaseID); err != nil {
			return err
		}
	}
	return nil
}

func distinct(ids []ID) int {
	seen := map[ID]bool{}
	for _, i := range ids {
		seen[i] = true
	}
	return len(seen)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Open gives out what an item holds, which leaves a custody event first. The content is verified as it is read, so the reader must
// be read to io.EOF, and an answer broken off visibly at any other error. A special item whose content the actor may not read is
// Forbidden; one in which malware was found is a Conflict; where the policy asks for a reason and there is none, InvalidInput at
// the field "reason".
func (s *Service) Open(ctx context.Context, actor authz.Actor, itemID ID, o Opening) (Item, io.ReadCloser, error) {
	if o.How != Viewed && o.How != Downloaded && o.How != Exported {
		return Item{}, nil, fmt.Errorf("open evidence: %q is no way to open", o.How)
	}
	return s.open(ctx, actor, itemID, o, Item.harmless)
}

// DownloadMalware is Open for a file in which malware was found, for those who know how to handle it and have said that they
// want it.
func (s *Service) DownloadMalware(ctx context.Context, actor authz.Actor, itemID ID, reason string) (Item, io.ReadCloser, error) {
	return s.open(ctx, actor, itemID, Opening{Downloaded, reason}, func(i Item) error { return i.mayHandle(actor) })
}

func (s *Service) open(ctx context.Context, actor authz.Actor, itemID ID, o Opening, allowed func(Item) error) (Item, io.ReadCloser, error) {
	item, err := s.touch(ctx, actor, itemID, o, allowed)
	if err != nil {
		return item, nil, err
	}
	content, err := s.content(ctx, item)
	switch {
	case err == nil:
		return item, &watched{ReadCloser: content, damaged: func(cause error) error { return s.damaged(ctx, item, cause) }}, nil
	case Spoiled(err):
		err = s.damaged(ctx, item, err)
	}
	return item, nil, err
}

// touch records that the content of an item is about to be read, if that is allowed.
func (s *Service) touch(ctx context.Context, actor authz.Actor, itemID ID, o Opening, allowed func(Item) error) (Item, error) {
	var item Item
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		var err error
		if item, err = itemByID(ctx, tx, actor, itemID); err != nil {
			return err
		}
		if err := item.mayOpen(actor); err != nil {
			return err
		}
		if err := Sealed(ctx, tx, actor, item.CaseID); err != nil {
			return err
		}
		if err := allowed(item); err != nil {
			return err
		}
		reason, err := reasonFor(ctx, tx, item, o)
		if err != nil {
			return err
		}
		more := map[string]any{}
		if item.Malware == Found {
			more["malware"] = item.MalwareName
		}
		entry := touched(owned{item.ID, item.PersonID, item.CaseID}, o.How, more, nil)
		entry.Reason = reason
		tx.Record(entry)
		return insertReasoned(ctx, tx, item, o.How, Detail{Malware: item.MalwareName}, reason)
	})
	return item, err
}

// looked records that the page of an item was opened: one custody event per viewer, item and period.
func (s *Service) looked(ctx context.Context, actor authz.Actor, itemID ID) error {
	if actor.Kind != authz.KindUser {
		return nil
	}
	return s.looks.Do(actor.ID+"/"+string(itemID), func() error {
		return s.db.Write(ctx, actor, func(tx *db.Tx) error {
			item, err := unsealedByID(ctx, tx, actor, itemID)
			if err != nil {
				return err
			}
			tx.Record(touched(owned{item.ID, item.PersonID, item.CaseID}, Opened, map[string]any{}, nil))
			return insertEvent(ctx, tx, itemID, Opened, Detail{}, nil)
		})
	})
}

func (i Item) mayOpen(actor authz.Actor) error {
	if i.ErasedAt != nil {
		return apperr.Conflict("What this item held was erased. What it was, and who touched it, is still known.")
	}
	if !i.OpensFor(actor) {
		return apperr.Forbidden("This item is specially protected. Security, HR and legal can open it, and whoever brought it.")
	}
	return nil
}

// content opens what an item holds.
func (s *Service) content(ctx context.Context, item Item) (io.ReadCloser, error) {
	key, err := s.people.DataKey(ctx, s.db.Pool(), item.PersonID)
	if err != nil {
		return nil, err
	}
	in, err := storedOf(ctx, s.db.Pool(), item.ID)
	if err != nil {
		return nil, err
	}
	return Kept{ID: item.ID, SHA256: item.SHA256, Size: item.Size, MediaType: item.MediaType, BlobKey: in.BlobKey, Body: in.Body}.content(ctx, s.blobs, key)
}

// Verify reads an item from its first byte to its last, compares it with the hash from its arrival, and records the
// result. Content that was altered or is gone is reported by the result; an error means that nobody knows.
func (s *Service) Verify(ctx context.Context, actor authz.Actor, itemID ID) (result string, err error) {
	item, err := s.ByID(ctx, actor, itemID)
	if err != nil {
		return "", err
	}
	if item.ErasedAt != nil {
		return "", item.mayOpen(actor)
	}
	if result, err = s.examine(ctx, item); err != nil {
		return "", err
	}
	return result, errors.Join(s.recordVerified(ctx, actor, itemID, result), s.found(ctx, item, result))
}

func (s *Service) readThrough(ctx context.Context, item Item) error {
	content, err := s.content(ctx, item)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, content)
	return errors.Join(err, content.Close())
}

// recordVerified notes the result. Verifying shows nothing of the content, so special items need no further right.
func (s *Service) recordVerified(ctx context.Context, actor authz.Actor, itemID ID, result string) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		item, err := itemByID(ctx, tx, actor, itemID)
		if err != nil {
			return err
		}
		tx.Record(touched(owned{item.ID, item.PersonID, item.CaseID}, Verified, map[string]any{"result": result}, nil))
		return insertEvent(ctx, tx, itemID, Verified, Detail{Result: result}, nil)
	})
}
