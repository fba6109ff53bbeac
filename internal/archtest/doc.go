// Package archtest holds the rules of docs/architecture.md as tests: who may import whom, who writes which table,
// one comment per package, numbered migrations. It has no code of its own; a new exception is a line in its tests
// with its reason.
package archtest
