package evidence

import (
	"bytes"
	"net/http"

	"gatehouse/internal/audit"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/upload"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/ui"
)

// CustodyHandlers answers the routes that show and prove who touched an item.
type CustodyHandlers struct {
	evidence *evidence.Service
	sealer   *audit.Sealer
}

// NewCustody returns the handlers.
func NewCustody(s *evidence.Service, sealer *audit.Sealer) *CustodyHandlers {
	return &CustodyHandlers{evidence: s, sealer: sealer}
}

// proofState says whether the log's tree holds the entry of a custody event.
type proofState struct {
	Known  bool // there is such an entry, and its reader may know of it
	Sealed bool
	Index  int64
}

// custodyView is the chain of custody of one item.
type custodyView struct {
	Look   evidence.Look
	Proofs []proofState // of each event
	Key    string       // by which an outsider verifies a receipt
}

// sealed counts the events that are proved.
func (v custodyView) sealed() int {
	n := 0
	for _, p := range v.Proofs {
		if p.Sealed {
			n++
		}
	}
	return n
}

// Show shows every touch of an item with who, when, from where, and how it is proved.
func (h *CustodyHandlers) Show(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[evidence.ID](r, "id")
	if err != nil {
		return err
	}
	v := custodyView{Key: h.sealer.Key()}
	if v.Look, err = h.evidence.Look(r.Context(), request.Actor(r), id); err != nil {
		return err
	}
	placed, err := h.sealer.Placed(r.Context(), request.Actor(r), "evidence", string(id))
	if err != nil {
		return err
	}
	for _, e := range v.Look.Custody {
		index, known := placed.Of("evidence."+string(e.Action), e.At.UnixMicro())
		p := proofState{Known: known, Sealed: index != nil}
		if index != nil {
			p.Index = *index
		}
		v.Proofs = append(v.Proofs, p)
	}
	return response.Page(w, r, http.StatusOK, custodyPage(v))
}

// Receipt answers with the proof that the touches of an item are in the audit log, for somebody without access to it.
func (h *CustodyHandlers) Receipt(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[evidence.ID](r, "id")
	if err != nil {
		return err
	}
	if _, err := h.evidence.ByID(r.Context(), request.Actor(r), id); err != nil {
		return err
	}
	var receipt bytes.Buffer
	if err := h.sealer.Receipt(r.Context(), request.Actor(r), "evidence", string(id), &receipt); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "application/jsonl")
	header.Set("Content-Disposition", upload.Attachment("custody-"+string(id)+".receipt"))
	header.Set("Cache-Control", "no-store")
	_, err = receipt.WriteTo(w)
	if r.Context().Err() != nil {
		return nil // nobody is left to tell
	}
	return err
}

// touched describes a custody event in a word or two.
func touched(e evidence.Event) string { return view{}.happened(e).Title }

// byWhom names who did it.
func byWhom(e evidence.Event) string {
	if e.Actor == "" {
		return "Nobody who is known"
	}
	return e.Actor
}

// proofWords says how an event is proved.
func (p proofState) words() string {
	switch {
	case p.Sealed:
		return "Entry " + ui.Thousands(int(p.Index)) + " of the sealed log"
	case p.Known:
		return "Sealed within seconds"
	}
	return "Not in the log that you may see"
}
