package candidate

import (
	"context"

	"gatehouse/internal/account"
)

// naming collects where names of users are to go. They come from memory rather than by joins: on these pages a handful
// of people is named again and again. The zero value is ready to use.
type naming struct {
	ids   []string
	names []*string
}

// add asks for the name of the user, if there is one.
func (n *naming) add(userID, name *string) {
	if userID != nil {
		n.ids, n.names = append(n.ids, *userID), append(n.names, name)
	}
}

func (n *naming) flag(f *Flag) {
	n.add(f.DisposedBy, &f.DisposedByName)
	n.add(f.SecondedBy, &f.SecondedByName)
}

// fill puts the names where they go.
func (n *naming) fill(ctx context.Context, users *account.Service) error {
	names, err := users.Names(ctx, n.ids)
	for i, userID := range n.ids {
		*n.names[i] = names[userID]
	}
	return err
}
