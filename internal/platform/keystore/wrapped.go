package keystore

import (
	"context"
	"errors"
	"slices"

	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
)

// Wrapped is one of the installation's keys as it may leave the database, in a backup for instance: nobody opens it without the
// root key.
type Wrapped struct {
	Generation int    `json:"generation"`
	KeyID      string `json:"key_id"`
	RootID     string `json:"root_id"`
	Key        []byte `json:"wrapped"`
}

// WrappedOf lists the installation's keys, the first generation first.
func WrappedOf(ctx context.Context, q db.Querier) ([]Wrapped, error) {
	rows, err := rowsOf(ctx, q)
	all := make([]Wrapped, len(rows))
	for i, r := range rows {
		all[i] = Wrapped{r.Generation, r.KeyID, r.RootID, r.Wrapped}
	}
	return all, err
}

// KeyringOf opens keys that WrappedOf listed. A RootError means that another root key wrapped them.
func KeyringOf(ctx context.Context, root seal.Root, all []Wrapped) (*seal.Keyring, error) {
	if len(all) == 0 || all[0].Generation != 1 {
		return nil, errors.New("there is no first generation among the installation's keys")
	}
	keys := make([]seal.Key, len(all))
	for i, w := range all {
		var err error
		if keys[i], err = (row{KeyID: w.KeyID, RootID: w.RootID, Wrapped: w.Key}).open(ctx, root); err != nil {
			return nil, err
		}
	}
	ring := seal.KeyringOf(keys[0])
	ring.Hold(slices.Clone(keys), keys[len(keys)-1])
	return ring, nil
}
