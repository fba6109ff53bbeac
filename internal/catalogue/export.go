package catalogue

import (
	"encoding/json"
	"fmt"
	"io"
)

// Export writes the whole edition. "json" has the key names and the order of
// the file; "yaml" is the file itself, comments included.
func (ed *Edition) Export(w io.Writer, format string) error {
	switch format {
	case "yaml":
		_, err := w.Write(ed.raw)
		return err
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(&ed.Content)
	}
	return fmt.Errorf("format %q is neither json nor yaml", format)
}
