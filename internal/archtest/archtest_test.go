package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "gatehouse"

// features in the order of docs/architecture.md: one may import those before it, never those after.
var features = []string{
	"catalogue", "account", "notify", "factor", "signin", "person", "evidence", "flag", "claim", "linkage", "assessment",
	"hiring", "interview", "signal", "detect", "inventory", "payment", "incident", "control", "candidate", "report", "dashboard", "privacy", "audit",
	"hiring", "interview", "signal", "detect", "inventory", "payment", "incident", "control", "candidate", "report", "dashboard", "audit", "backup",
}

// shared are the packages under web that pages may import; the last two may import features.
var shared = []string{"ui", "layout", "request", "response", "path", "session", "parts"}

// tables says who writes each table.
var tables = map[string]string{
	"audit_entries": "platform/db", "audit_values": "platform/db", "installation": "platform/db",
	"installation_keys": "platform/keystore",
	"users":             "account", "user_links": "account", "api_tokens": "account", "sessions": "signin",
	"user_identities": "signin", "sso_flows": "signin", "sso_logouts": "signin", "sso_rules": "signin", "sso_groups": "signin",
	"tries":          "platform/limit",
	"authenticators": "factor", "passkeys": "factor", "recovery_codes": "factor", "factor_roles": "factor",
	"people": "person", "person_keys": "person", "claims": "claim",
	"evidence_items": "evidence", "evidence_links": "evidence", "custody_events": "evidence", "evidence_scans": "evidence", "opening_policy": "evidence", "opening_reasons": "evidence", "evidence_malware": "evidence",
	"flags": "flag", "outcomes": "assessment", "assessments": "assessment", "assessment_moves": "assessment",
	"jobs": "hiring", "applications": "hiring", "application_moves": "hiring", "gate_overrides": "hiring",
	"engagements": "hiring", "engagement_accounts": "hiring",
	"interviews": "interview", "interviewers": "interview", "answers": "interview", "scorecards": "interview", "scorecard_words": "interview",
	"signals": "signal", "signal_batches": "signal", "signal_days": "signal", "signal_sources": "signal", "signal_totals": "signal",
	"cases": "incident", "case_members": "incident", "case_openings": "incident", "case_steps": "incident", "case_step_items": "incident",
	"case_notes": "incident", "case_timeline": "incident", "dossier_entries": "incident", "dossier_gaps": "incident",
	"access_grants": "inventory", "payments": "payment",
	"tallies": "dashboard", "tally_deltas": "dashboard", "job_checks": "dashboard", "job_comparisons": "dashboard",
	"saved_views": "dashboard",
	"legal_holds": "privacy", "erasures": "privacy", "retention_rules": "privacy", "retention_policy": "privacy", "retention_runs": "privacy",
	"audit_leaves": "audit", "audit_hashes": "audit", "audit_hash_runs": "audit", "audit_checkpoints": "audit",
	"case_sheets": "incident", "person_sheets": "candidate",
}

// writesElsewhere are packages that may write tables that are not theirs, with the reason.
var writesElsewhere = map[string]string{
	"internal/seed":    "loads a whole synthetic installation by COPY, for measuring",
	"internal/privacy": "empties what the schema's comments say is personal, of whoever is erased",
	"bench":            "begins sessions without checking two hundred passwords",
}

// unaudited are the packages that may call WriteUnaudited, with the reason.
var unaudited = map[string]string{
	"internal/account":           "token last-use time",
	"internal/signin":            "session last-seen time, expired sessions, and what a browser was asked for",
	"internal/dashboard":         "counts that follow from rows written with their entries",
	"internal/evidence":          "when an item was read through, and that an erased one's file is gone",
	"internal/privacy":           "how far a run of the retention rules is",
	"internal/audit":             "the seal of entries is no entry itself",
	"internal/platform/sheet":    "copies of rows that have their entries",
	"internal/signal":            "taking up batches, each of which has its entry from ingest",
	"internal/platform/keystore": "moving what is sealed under a newer key: the rotation has its entries",
	"internal/platform/limit":    "tries are counted, not told",
}

// source is one parsed Go file of the module.
type source struct {
	pkg, name string // folder from the module's root, file name
	file      *ast.File
	text      string
}

func (s source) test() bool      { return strings.HasSuffix(s.name, "_test.go") }
func (s source) generated() bool { return strings.HasSuffix(s.name, "_templ.go") }

func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || slices.Contains([]string{"testdata", "node_modules", "tmp"}, d.Name())) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, name, content, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		all = append(all, source{pkg: path.Dir(filepath.ToSlash(rel)), name: path.Base(name), file: file, text: string(content)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d files found: the walk is broken", len(all))
	}
	return all
}

// imports lists the folders of this module that a file imports.
func (s source) imports() []string {
	var own []string
	for _, imp := range s.file.Imports {
		name := strings.Trim(imp.Path.Value, `"`)
		if rest, ok := strings.CutPrefix(name, module+"/"); ok {
			own = append(own, rest)
		}
	}
	return own
}

// feature is the feature a folder belongs to, or "".
func feature(pkg string) string {
	rest, ok := strings.CutPrefix(pkg, "internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	if slices.Contains(features, name) {
		return name
	}
	return ""
}

func under(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() {
			continue // tests may build the world they need
		}
		for _, imp := range s.imports() {
			if why := forbidden(s.pkg, imp); why != "" {
				t.Errorf("%s/%s imports %s: %s", s.pkg, s.name, imp, why)
			}
		}
	}
}

// forbidden says why a package must not import another, or "".
func forbidden(pkg, imp string) string {
	from, to := feature(pkg), feature(imp)
	composes := under(pkg, "internal/app") || under(pkg, "cmd") || under(pkg, "internal/demo") || under(pkg, "internal/seed") || under(pkg, "bench")
	switch {
	case under(pkg, "internal/platform") && to != "":
		return "platform knows no feature"
	case under(pkg, "internal") && !composes && (under(imp, "web") || under(imp, "internal/adapter")):
		return "only app may import web or an adapter"
	case from != "" && to != "" && from != to && slices.Index(features, to) > slices.Index(features, from):
		return "a feature imports only those above it"
	case pagePackage(pkg) != "" && pagePackage(imp) != "" && pagePackage(pkg) != pagePackage(imp):
		return "page packages do not import one another"
	case (under(pkg, "web/ui") || under(pkg, "web/layout")) && to != "":
		return "ui and layout know no feature"
	}
	return ""
}

// pagePackage is the page package under web that a folder belongs to, or "".
func pagePackage(pkg string) string {
	rest, ok := strings.CutPrefix(pkg, "web/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	if slices.Contains(shared, name) {
		return ""
	}
	return name
}

func TestFeaturesKnowNoHTTP(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || feature(s.pkg) == "" {
			continue
		}
		for _, imp := range s.file.Imports {
			name := strings.Trim(imp.Path.Value, `"`)
			if name == "net/http" || strings.HasPrefix(name, "github.com/gorilla/") || strings.HasPrefix(name, "github.com/go-chi/") {
				t.Errorf("%s/%s imports %s: requests stay in web", s.pkg, s.name, name)
			}
		}
	}
}

// statement finds an SQL write and its table.
var statement = regexp.MustCompile(`(?i)\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM|TRUNCATE|COPY)\s+([a-z_]+)\b`)

// selects finds SQL of any kind.
var selects = regexp.MustCompile("`\\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\\s")

func TestOnlyTheOwnerWritesATable(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || writesElsewhere[s.pkg] != "" {
			continue
		}
		for _, lit := range stringsIn(s.file) {
			for _, m := range statement.FindAllStringSubmatch(lit, -1) {
				owner, known := tables[m[1]]
				if known && !under(s.pkg, "internal/"+owner) {
					t.Errorf("%s/%s writes %s, which is %s's", s.pkg, s.name, m[1], owner)
				}
			}
		}
	}
}

func TestNoSQLInWeb(t *testing.T) {
	for _, s := range sources(t) {
		if under(s.pkg, "web") && !s.test() && selects.MatchString(s.text) {
			t.Errorf("%s/%s holds SQL", s.pkg, s.name)
		}
	}
}

// TestOneWriterOfCSV: what is exported for spreadsheets goes through the one writer that marks formulas as text.
func TestOneWriterOfCSV(t *testing.T) {
	for _, s := range sources(t) {
		if s.pkg == "web/response" || s.test() || s.generated() {
			continue
		}
		if strings.Contains(s.text, "csv.NewWriter(") || strings.Contains(s.text, `Set("Content-Type", "text/csv`) {
			t.Errorf("%s/%s writes CSV itself: use response.CSV", s.pkg, s.name)
		}
	}
}

func stringsIn(file *ast.File) []string {
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			all = append(all, lit.Value)
		}
		return true
	})
	return all
}

func TestEveryTableHasAnOwner(t *testing.T) {
	created := regexp.MustCompile(`(?m)^CREATE TABLE ([a-z_]+)`)
	files, err := filepath.Glob("../../migrations/[0-9]*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range created.FindAllStringSubmatch(string(content), -1) {
			if _, ok := tables[m[1]]; !ok && m[1] != "signals_default" {
				t.Errorf("%s creates %s, which has no owner here", filepath.Base(name), m[1])
			}
		}
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	files, err := filepath.Glob("../../migrations/[0-9]*.sql")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	for i, name := range files {
		want := strings.Repeat("0", 5-len(itoa(i+1))) + itoa(i+1) + "_"
		if !strings.HasPrefix(filepath.Base(name), want) {
			t.Errorf("migration %d is %s", i+1, filepath.Base(name))
		}
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func TestOnePackageComment(t *testing.T) {
	comments := map[string][]string{}
	packages := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		packages[s.pkg] = true
		if s.file.Doc != nil && !s.generated() {
			comments[s.pkg] = append(comments[s.pkg], s.name)
		}
	}
	for pkg := range packages {
		if n := len(comments[pkg]); n != 1 {
			t.Errorf("%s has %d package comments %v, want one", pkg, n, comments[pkg])
		}
	}
}

func TestUnauditedWritesAreListed(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || under(s.pkg, "internal/platform/db") {
			continue
		}
		if strings.Contains(s.text, ".WriteUnaudited(") && unaudited[s.pkg] == "" {
			t.Errorf("%s/%s writes without an audit entry and is not listed with a reason", s.pkg, s.name)
		}
	}
}

func TestFeaturesReadTheDatabasesClock(t *testing.T) {
	allowed := []string{"signin", "catalogue"}
	for _, s := range sources(t) {
		if s.test() || feature(s.pkg) == "" || slices.Contains(allowed, feature(s.pkg)) {
			continue
		}
		if strings.Contains(s.text, "time.Now()") {
			t.Errorf("%s/%s reads time.Now; use tx.Now or db.Now, so that a row's times agree", s.pkg, s.name)
		}
	}
}

func TestGeneratedPagesAreThere(t *testing.T) {
	_ = filepath.WalkDir("../../web", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".templ") {
			if _, statErr := os.Stat(strings.TrimSuffix(name, ".templ") + "_templ.go"); statErr != nil {
				t.Errorf("%s has no generated file: run make generate", name)
			}
		}
		return err
	})
}

// TestNothingSpeaksOfPeoplesTraits guards the first principle in the words of the code: no identifier of a score,
// filter or query may name a protected trait.
func TestNothingSpeaksOfPeoplesTraits(t *testing.T) {
	traits := regexp.MustCompile(`(?i)\b(ethnicity|nationality|national_origin|race|gender|sex|accent|skin)\b`)
	for _, s := range sources(t) {
		if s.test() || s.generated() || s.pkg == "internal/catalogue" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if ident, ok := n.(*ast.Ident); ok && traits.MatchString(ident.Name) {
				t.Errorf("%s/%s names %s", s.pkg, s.name, ident.Name)
			}
			return true
		})
	}
}
