package web

import (
	"net/http"
	"slices"
	"strings"

	"gatehouse/web/path"
)

const (
	// formMost is how long the body of a request may be, in bytes, where nothing else is said. Handlers may allow less.
	formMost = 1 << 20
	// machineMost is the same for machines, which send signals by the thousand.
	machineMost = 16 << 20
)

// bringFiles are the routes whose forms bring a file of evidence, which is read as it arrives.
var bringFiles = []string{
	path.EvidenceItems,
	path.Interviews + "/{id}/answers/{check}/evidence",
	path.Candidates + "/{id}/checks",
	path.Flags + "/{id}/dispose",
}

// bodyMost is how long the body of a request to a route may be. There is none without a bound, whoever writes its handler.
func (s *Server) bodyMost(route Route) int64 {
	switch {
	case slices.Contains(bringFiles, route.Pattern):
		return s.deps.Config.MaxUpload + formMost
	case strings.HasPrefix(route.Pattern, "/api/"):
		return machineMost
	}
	return formMost
}

// bounded breaks off bodies that are longer.
func bounded(most int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}
