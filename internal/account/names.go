package account

import (
	"context"
	"sync"
	"time"
)

// namesFresh is how long a name is answered from memory: pages name the same few people again and again.
const namesFresh = time.Minute

// namesKept bounds the memory; a company of more users forgets all of them at once and begins anew.
const namesKept = 10_000

type nameCache struct {
	mu    sync.Mutex
	known map[string]rememberedName
}

type rememberedName struct {
	name  string // empty: there is no such user
	until time.Time
}

// Names returns the names of the given users by id; ids that are unknown are left out. A name may be a minute old.
func (s *Service) Names(ctx context.Context, ids []string) (map[string]string, error) {
	names, missing := s.names.find(ids, s.db.Now())
	if len(missing) == 0 {
		return names, nil
	}
	found, err := userNames(ctx, s.db.Pool(), missing)
	if err != nil {
		return nil, err
	}
	s.names.keep(missing, found, s.db.Now().Add(namesFresh))
	for userID, name := range found {
		names[userID] = name
	}
	return names, nil
}

func (c *nameCache) find(ids []string, now time.Time) (names map[string]string, missing []string) {
	names = make(map[string]string, len(ids))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, userID := range ids {
		switch r, ok := c.known[userID]; {
		case !ok || now.After(r.until):
			missing = append(missing, userID)
		case r.name != "":
			names[userID] = r.name
		}
	}
	return names, missing
}

func (c *nameCache) keep(ids []string, found map[string]string, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known)+len(ids) > namesKept {
		c.known = map[string]rememberedName{}
	}
	for _, userID := range ids {
		c.known[userID] = rememberedName{found[userID], until}
	}
}
