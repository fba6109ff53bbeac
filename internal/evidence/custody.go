package evidence

import (
	"time"
)

// Touch is what was done to an item: the action of a custody event.
type Touch string

// The touches.
const (
	Collected  Touch = "collected"
	Attached   Touch = "attached"
	Opened     Touch = "opened" // its page, which shows what it is and not what it holds
	Viewed     Touch = "viewed"
	Downloaded Touch = "downloaded"
	Verified   Touch = "verified"
	Exported   Touch = "exported"
	Erased     Touch = "erased"
)

// Event is one touch of an item. The chain of them, from the collecting on, is the item's custody.
type Event struct {
	ID     string
	At     time.Time
	Action Touch
	// Actor is the user's name, or the label of the system's part.
	Actor  string
	Detail Detail
	// Reason is why the item was opened, where somebody said; gone once the person it is about is erased.
	Reason string
	// Address is the network address it was done from; empty for the system, and where nobody kept it.
	Address string
}

// Detail says more of a touch.
type Detail struct {
	// SubjectKind and SubjectID are what the item was attached to or exported with.
	SubjectKind string `json:"subject_kind,omitempty"`
	SubjectID   string `json:"subject_id,omitempty"`
	// SHA256 is the hash that was computed, in hexadecimal, when the item was collected.
	SHA256 string `json:"sha256,omitempty"`
	// Result of verifying: Intact or Altered.
	Result string `json:"result,omitempty"`
	// Malware is what had been found in the item when it was given out.
	Malware string `json:"malware,omitempty"`
}

// The results of verifying.
const (
	Intact  = "intact"
	Altered = "altered"
)
