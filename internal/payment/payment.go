// Package payment owns payments: money that was or is about to be sent to a person, and what became of it.
//
//	planned ──► stopped ──► planned | paid (made whole)
//	   └──────► paid ──► recalled ──► returned | paid (recall refused)
//
// A planned payment may be explained, which lets it go ahead without keeping the case's step open. As with the
// inventory, internal/incident decides who may see and change a case's payments and records the audit entry.
package payment

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/platform/apperr"
)

// ID identifies a payment.
type ID string

// State is what became of a payment.
type State string

// The states.
const (
	Planned  State = "planned"
	Stopped  State = "stopped"
	Paid     State = "paid"
	Recalled State = "recalled"
	Returned State = "returned"
)

// States lists the states in the order in which money passes through them.
func States() []State { return []State{Planned, Stopped, Paid, Recalled, Returned} }

var moves = map[State][]State{
	Planned:  {Stopped, Paid},
	Stopped:  {Planned, Paid},
	Paid:     {Recalled},
	Recalled: {Returned, Paid},
}

// Next lists the states that may follow.
func (s State) Next() []State { return moves[s] }

// Method is how the money travels.
type Method string

// The methods.
const (
	BankTransfer Method = "bank-transfer"
	Payroll      Method = "payroll-platform"
	OnChain      Method = "on-chain"
	Card         Method = "card"
	OtherMethod  Method = "other"
)

// Methods lists the methods in the order in which forms offer them.
func Methods() []Method { return []Method{BankTransfer, Payroll, OnChain, Card, OtherMethod} }

// Title is the method's name for people.
func (m Method) Title() string {
	switch m {
	case BankTransfer:
		return "Bank transfer"
	case Payroll:
		return "Payroll platform"
	case OnChain:
		return "On-chain"
	case Card:
		return "Card"
	}
	return "Other"
}

// Payment is one payment.
type Payment struct {
	ID       ID
	PersonID string
	CaseID   *string
	PayOn    time.Time
	// Amount is a decimal number in the currency's own units, as text: money is never a float.
	Amount   string
	Currency string
	Method   Method
	// Destination is filled in by List alone.
	Destination string `db:"-"`
	State       State
	Note        string
	Explanation string
	RecordedAt  time.Time
	RecordedBy  *string
	Recorder    string
	Version     int
}

// Title names the payment on one line.
func (p Payment) Title() string {
	return p.Amount + " " + p.Currency + " on " + p.PayOn.Format("2 Jan 2006")
}

// Unstopped reports whether the payment is still going to happen and nobody has explained why it may.
func (p Payment) Unstopped() bool { return p.State == Planned && p.Explanation == "" }

// Total is how much money of one currency is in one state.
type Total struct {
	Currency string
	State    State
	Amount   string
	Count    int
}

// New describes a payment to be recorded.
type New struct {
	PayOn       time.Time
	Amount      string
	Currency    string
	Method      Method
	Destination string
	State       State
	Note        string
}

var (
	// amountPattern takes thousands apart with commas or not at all: 1,5 is one and a half to half the world.
	amountPattern   = regexp.MustCompile(`^(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d{1,8})?$`)
	currencyPattern = regexp.MustCompile(`^[A-Z0-9]{2,10}$`)
)

// tidy trims the texts and says what does not fit.
func (n *New) tidy() error {
	n.Amount = strings.TrimSpace(n.Amount)
	n.Currency = strings.ToUpper(strings.TrimSpace(n.Currency))
	n.Destination, n.Note = strings.TrimSpace(n.Destination), strings.TrimSpace(n.Note)
	var p apperr.Problems
	p.Check(!n.PayOn.IsZero(), "pay_on", "Enter the day of the payment.")
	p.Check(amountPattern.MatchString(n.Amount), "amount", "Enter an amount such as 4,250.00 or 4250.5: a point before the decimals, at most twelve digits before it and eight after it.")
	n.Amount = strings.ReplaceAll(n.Amount, ",", "")
	p.Check(strings.Trim(n.Amount, "0.") != "", "amount", "Enter an amount above zero.")
	p.Check(currencyPattern.MatchString(n.Currency), "currency", "Enter a currency such as EUR, USD or USDC.")
	p.Check(slices.Contains(Methods(), n.Method), "method", "Choose how it is paid.")
	p.Check(slices.Contains(States(), n.State), "state", "Choose what became of it.")
	p.Check(len(n.Destination) <= 500, "destination", "Use at most 500 characters.")
	p.Check(len(n.Note) <= 2000, "note", "Use at most 2,000 characters.")
	return p.Err()
}
