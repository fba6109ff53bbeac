package assessment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"gatehouse/internal/catalogue"
)

// Scenario is a set of findings with the band it is expected to lead to.
type Scenario struct {
	ID       string
	Line     int // where the file gives the id
	Input    Input
	Expected []catalogue.Band // empty: nothing is expected
	Listed   bool             // the expectation was written as a list
}

// Meets reports whether a band is as expected. Where nothing is expected, any is.
func (s Scenario) Meets(band catalogue.Band) bool {
	return len(s.Expected) == 0 || slices.Contains(s.Expected, band)
}

// ReadScenarios reads scenarios in the catalogue's own shape from YAML or JSON: a
// list, a single mapping, a mapping with a key "scenarios" (the catalogue itself,
// for one), and any number of such documents after one another. Every fault is
// reported with the file's name, its line and the id; warnings name keys that are
// not read, because a misspelt key would otherwise pass as an empty scenario.
func ReadScenarios(ed *catalogue.Edition, name string, raw []byte) (scenarios []Scenario, warnings []string, err error) {
	documents, err := decode(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	r := &reader{ed: ed, name: name}
	for _, document := range documents {
		r.document(document)
	}
	if len(r.faults) == 0 && len(r.scenarios) == 0 {
		r.faults = append(r.faults, fmt.Errorf("%s: no scenario in it", name))
	}
	return r.scenarios, r.warnings, errors.Join(r.faults...)
}

// decode reads JSON where the text is JSON, else YAML. JSON gets a reader of its
// own because YAML's refuses some of it, such as tabs before keys.
func decode(raw []byte) ([]*yaml.Node, error) {
	if text := bytes.TrimSpace(raw); len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		if documents, err := decodeJSON(raw); err == nil {
			return documents, nil
		}
	}
	var documents []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		documents = append(documents, document.Content...)
	}
}

// maxDepth bounds nesting: files may come from anywhere.
const maxDepth = 100

func decodeJSON(raw []byte) ([]*yaml.Node, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var documents []*yaml.Node
	for {
		node, err := jsonNode(decoder, raw, maxDepth)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		documents = append(documents, node)
	}
}

// jsonNode reads the next value as the node YAML would have made of it.
func jsonNode(decoder *json.Decoder, raw []byte, depth int) (*yaml.Node, error) {
	if depth == 0 {
		return nil, errors.New("nested too deeply")
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	node := &yaml.Node{Kind: yaml.ScalarNode, Line: 1 + bytes.Count(raw[:decoder.InputOffset()], []byte("\n"))}
	switch value := token.(type) {
	case json.Delim:
		node.Kind = yaml.SequenceNode
		if value == '{' {
			node.Kind = yaml.MappingNode
		}
		for decoder.More() {
			child, err := jsonNode(decoder, raw, depth-1)
			if err != nil {
				return nil, unfinished(err)
			}
			node.Content = append(node.Content, child)
		}
		_, err = decoder.Token()
		return node, unfinished(err)
	case string:
		node.Tag, node.Value = "!!str", value
	case json.Number:
		node.Tag, node.Value = "!!int", value.String()
	case bool:
		node.Tag, node.Value = "!!bool", strconv.FormatBool(value)
	case nil:
		node.Tag = "!!null"
	}
	return node, nil
}

// unfinished keeps the end of the text inside a value from looking like the end
// of the documents.
func unfinished(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
