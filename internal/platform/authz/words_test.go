package authz

import (
	"strings"
	"testing"
)

// TestEveryRefusalHasWords: whoever is refused reads what their role cannot do, never the name of a permission.
func TestEveryRefusalHasWords(t *testing.T) {
	t.Parallel()
	for _, role := range Roles {
		for _, p := range Grants(role) {
			if text := Refusal(p).Error(); strings.Contains(text, "cannot .") || strings.Contains(text, string(p)) {
				t.Errorf("%s: %s", p, text)
			}
		}
	}
}
