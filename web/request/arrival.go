package request

import (
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/platform/apperr"
)

const (
	// maxFields and maxField bound what comes before the file: a text of evidence is the longest of it.
	maxFields = 200
	maxField  = 300 << 10
)

// Arriving reads a form that may end in a file, up to the file, which it leaves unread: the fields say what the file is
// for before it comes, and nothing of it ever lies in memory or in a temporary file of the form's. The file is nil when
// none was chosen. r.PostForm and r.Form have the fields afterwards, so that Text works.
func Arriving(w http.ResponseWriter, r *http.Request) (*multipart.Part, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return nil, Form(w, r)
	}
	in, err := r.MultipartReader()
	if err != nil {
		return nil, Incomplete(err)
	}
	r.PostForm, r.Form = url.Values{}, url.Values{}
	for total := 0; len(r.PostForm) <= maxFields; {
		part, err := in.NextPart()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, Incomplete(err)
		}
		if part.FormName() == "file" {
			// Without a choice, browsers send an empty part with an empty name.
			if part.FileName() == "" {
				return nil, nil
			}
			return part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil {
			return nil, Incomplete(err)
		}
		if total += len(value); len(value) > maxField || total > formLimit {
			return nil, apperr.TooLarge("The field %q is too long.", part.FormName())
		}
		r.PostForm.Add(part.FormName(), string(value))
		r.Form.Add(part.FormName(), string(value))
	}
	return nil, apperr.Invalid("file", "The form has more fields than expected.")
}

// Incomplete tells people what became of a form that broke off or was none.
func Incomplete(err error) error {
	return apperr.With(err, apperr.InvalidInput, "The form arrived incomplete. Send it again.")
}
