package interviews

import (
	"net/url"
	"strings"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/web/ui"
)

// isLink reports whether a place is an address on the web; anything else is shown as words.
func isLink(place string) bool {
	u, err := url.Parse(place)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// guide is what to weigh before answering: what else could explain it, and the notes on fairness and law.
func guide(c *catalogue.Check) []ui.KV {
	kv := []ui.KV{{Key: "What else could explain it", Value: ui.Text(c.FalsePositives)}}
	if c.Fairness != "" {
		kv = append(kv, ui.KV{Key: "Fairness", Value: ui.Text(c.Fairness)})
	}
	if c.LegalNote != "" {
		kv = append(kv, ui.KV{Key: "Legal note", Value: ui.Text(c.LegalNote)})
	}
	return append(kv, ui.KV{Key: "Strength", Value: ui.Strength(c.Strength)})
}

// worthAttaching lists what the check asks to attach.
func worthAttaching(c *catalogue.Check) string {
	parts := make([]string, len(c.Evidence))
	for i, e := range c.Evidence {
		parts[i] = e.What + " (" + strings.ToLower(evidence.KindTitle(e.Kind)) + ")"
	}
	return strings.Join(parts, "; ") + "."
}

// firstKind is the kind of evidence that a check asks for first and that can be a file or a link.
func firstKind(c *catalogue.Check) string {
	if len(c.Evidence) > 0 {
		return string(c.Evidence[0].Kind)
	}
	return "screenshot"
}

func kindOptions() []ui.Option {
	var options []ui.Option
	for _, k := range evidence.Kinds() {
		options = append(options, ui.Option{Value: string(k), Label: evidence.KindTitle(k)})
	}
	return options
}
