# What people and CI run. `make run` starts the demo, `make test` passes the tests; both set up what is missing.

GO      ?= go
GOFILES := $(shell git ls-files '*.go' ':!*_templ.go')
LINT    := $(GO) tool -modfile=tools/go.mod golangci-lint

.PHONY: run test check setup generate generated format vet lint short journeys bench drill faults fuzz scan vendor build

## run: start the demo with an embedded PostgreSQL and print its address and logins
run:
	$(GO) run ./cmd/gatehouse demo

## build: the program, stripped, with its version
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X gatehouse/internal/app.Version=$$(git describe --tags --always --dirty)" -o gatehouse ./cmd/gatehouse

## setup: install what the tests need and the machine lacks (PostgreSQL, Chromium, ClamAV, Node and the sign-in provider of the tests)
setup:
	scripts/setup

## test: every test, journeys in Chromium included: they take longest, so they begin. Without debug information linking is a third faster
test: setup
	$(GO) test -timeout 30m -ldflags=-w ./journeys ./...

## short: the tests without a browser
short:
	$(GO) test $$($(GO) list ./... | grep -v -e /journeys -e /browsertest)

## check: all that must hold before a change lands
check: setup format generated vet lint
	$(GO) test -race $$($(GO) list ./... | grep -v -e /journeys -e /browsertest)
	$(GO) test ./internal/browsertest/... ./journeys/...

## format: no file differs from gofmt's form
format:
	@out="$$(gofmt -l $(GOFILES))"; [ -z "$$out" ] || { echo "not formatted:"; echo "$$out"; exit 1; }

## generate: pages from their templates
generate:
	$(GO) tool templ generate -path . -lazy

## generated: committed generated files are what the templates give
generated:
	@$(GO) tool templ generate -path . >/dev/null 2>&1 || $(GO) tool templ generate -path .
	@git diff --exit-code --stat -- '*_templ.go' || { echo "generated files are out of date: run make generate and commit"; exit 1; }

vet:
	$(GO) vet ./...

lint:
	$(LINT) run

## journeys: the stories of people in a real browser, with screenshots under screenshots/
journeys: setup
	GATEHOUSE_SCREENSHOTS=$(CURDIR)/screenshots $(GO) test -count=1 ./journeys/...

## bench: the speed bars, as ratios within one run
bench:
	$(GO) run ./bench

## fuzz: every fuzz target for ten minutes (docs/fuzzing.md)
fuzz:
	scripts/fuzz

## scan: wapiti and sqlmap against the demo (docs/security.md)
scan:
	scripts/scan

## drill: lose an installation and put it back from a backup, timed and compared (ARGS="--people 10000 --evidence 10000000000")
drill:
	$(GO) run ./bench --parts restore $(ARGS)

## faults: 200 times kill -9 and 20 promotions of a standby, under load: nothing acknowledged may be lost
faults: setup
	$(GO) run ./bench/faults

## vendor: copy the front-end files again from their npm packages
vendor:
	scripts/vendor

