package evidence

import (
	"net/url"

	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/request"
)

// back is where to go when all is done: a page of ours, or the candidate.
func back(f parts.EvidenceForm) string {
	if to := request.LocalPath(f.Back); to != "" {
		return to
	}
	return path.Candidate(f.PersonID)
}

// formOf reads the page with the empty form: what to add to stands in the address.
func formOf(values url.Values) parts.EvidenceForm {
	return parts.EvidenceForm{
		PersonID: values.Get("person_id"), CaseID: values.Get("case_id"),
		SubjectKind: values.Get("subject_kind"), SubjectID: values.Get("subject_id"),
		Back: request.LocalPath(values.Get("back")), Errors: map[string]string{},
	}
}
