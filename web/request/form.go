package request

import (
	"net/http"
	"strconv"

	"gatehouse/internal/platform/apperr"
)

// formLimit bounds the forms of pages, in bytes: the longest is a candidate's with every claim filled in.
const formLimit = 512 << 10

// Form reads the form of a request; r.PostForm and Text have its fields afterwards.
func Form(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		return apperr.With(err, apperr.InvalidInput, "The form could not be read.")
	}
	return nil
}

// Version is the version of the row that a form was made from. An absent or odd one fits no row.
func Version(r *http.Request) int {
	version, err := strconv.Atoi(r.FormValue("version"))
	if err != nil {
		return -1
	}
	return version
}
