# What a contributor and CI run. `make` alone lists the targets.
#
#   test      everything that must hold before a change lands; CI runs exactly this
#   unit      the Go tests alone, with the race detector; those that use a store on SQLite, then on PostgreSQL
#   e2e       the real binary in a real browser
#   lint      golangci-lint with .golangci.yml
#   fresh     fails when generated Go differs from what its source makes today
#   generate  makes the generated files anew: SQL (sqlc), api/openapi.json, the Go client, docs/reference, the console
#   console   builds console/dist, which is committed, so that the server builds with Go alone
#   console-test  the console's own tests; fails when console/dist differs from what console/src builds
#   chaos     what may go wrong, at full length, on a machine without other work: kills, torn logs, failover, outages, starts
#             without the database, nodes that stop, pgbouncer, overload, slow clients, and the soak; prints its figures
#             together at the end. It takes an hour or more, half of it the soak. `unit` has the same, shorter
#   soak      steady use of SQLite and of two nodes on PostgreSQL for SOAK (default 30m): memory, descriptors, goroutines
#             and the growth of the database, measured and judged
#   fuzz      each fuzz target for FUZZTIME (default 20s)
#   bench     what tokens, their checks and calls through the gateway cost on SQLite and PostgreSQL, against floors;
#             see bench/README.md
#   bench-scale  what docs/scale.md reckons with: changes, polls, usage, followers, handshakes, near the database and far
#   bench-size  each kind of list page, and a token, with 100,000 credentials on SQLite and PostgreSQL
#   bench-million  the same with a million: ten minutes, and 6 GB below TMPDIR
#
# What a target needs and the machine lacks, .ci/need installs, or says how to.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Tools are built from source by the Go toolchain, at a pinned version that is part of the file's name.
TOOLS := $(CURDIR)/.cache/bin
GOLANGCI := $(TOOLS)/golangci-lint-v2.15.0
SQLC := $(TOOLS)/sqlc-v1.31.1
OAPI := $(TOOLS)/oapi-codegen-v2.8.2

# Debian keeps initdb and postgres out of the PATH.
export PATH := $(PATH):$(lastword $(sort $(wildcard /usr/lib/postgresql/*/bin)))

FUZZTIME ?= 20s
SOAK ?= 30m

# Packages whose tests take their database from internal/testserver, and so run on either engine. Of the end-to-end tests
# these few do; the others start databases of their own, and take too long to do the same twice.
ON_BOTH_ENGINES = go list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./... | \
	sed -n 's|^\([^ ]*\) .*/internal/testserver[] ].*|\1|p' | grep -v '/e2e$$'
E2E_ON_BOTH_ENGINES := ^Test(Ending|Corpus)_

CHAOS_TESTS ?= ^Test(Crash|Durability|Stop|Nodes|Rewind|Outage|ColdStart|Spool|Failover|Bouncer|Roles|Soak|History|Upgrade|Overload|Torn|MasterKey)_

.PHONY: help test unit e2e lint format vet fresh console-test generate console chaos soak fuzz bench bench-scale bench-size bench-million

help:
	@sed -n 's/^#   //p' Makefile

# In the order of what fails fastest.
test:
	@.ci/need
	@$(MAKE) format vet lint fresh console-test unit e2e

format:
	@out=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	if [ -n "$$out" ]; then printf 'gofmt would change:\n%s\n' "$$out" >&2; exit 1; fi

vet:
	go vet ./...

lint: $(GOLANGCI)
	$(GOLANGCI) run

# SQLite as Go is a translation of C, with locks of its own that the detector need not watch: watching each of its memory accesses
# made the tests eight times as long. Everything else is watched.
RACE := -race -gcflags=modernc.org/sqlite/lib=-race=false

unit:
	go test $(RACE) -timeout 15m ./...
	.ci/on-postgresql go test $(RACE) -timeout 15m $$($(ON_BOTH_ENGINES))
	.ci/on-postgresql go test $(RACE) -timeout 15m -run '$(E2E_ON_BOTH_ENGINES)' ./e2e

e2e:
	@.ci/need node browser
	cd e2e && npm ci --no-audit --no-fund && node run.mjs

fresh: $(SQLC) $(OAPI)
	$(SQLC) diff
	@made=$$(mktemp); trap 'rm -f "$$made"' EXIT; .ci/client $(OAPI) "$$made"; \
	if ! diff -u client/client.gen.go "$$made"; then \
	  echo 'client/client.gen.go is not what api/openapi.json makes: run make generate and commit the result' >&2; exit 1; fi

console-test:
	@.ci/need node
	.ci/console

generate: $(SQLC) $(OAPI)
	$(SQLC) generate
	go generate ./api ./internal/lifecycle
	.ci/client $(OAPI) "$(CURDIR)/client/client.gen.go"
	go test ./internal/config ./internal/cli ./internal/server -run 'Reference' -update
	$(MAKE) console

console:
	@.ci/need node
	cd console && npm ci --no-audit --no-fund && npm run types && npm run build

fuzz:
	.ci/fuzz $(FUZZTIME)

chaos:
	@.ci/need build postgresql tracer
	CHAOS=1 go test -count=1 -timeout 3h -v ./e2e -run '$(CHAOS_TESTS)'

soak:
	@.ci/need build postgresql
	SOAK=$(SOAK) CHAOS=1 go test -count=1 -timeout 0 -v ./e2e -run '^TestSoak_'

bench:
	@.ci/need node postgresql
	.ci/on-postgresql go run ./bench

bench-scale:
	@.ci/need postgresql
	POSTGRESQL_SETTINGS='fsync=on synchronous_commit=on full_page_writes=on autovacuum=on' .ci/on-postgresql go run ./bench -scale -length 3s

bench-size:
	@.ci/need postgresql
	.ci/on-postgresql go run ./bench -size 100000 -length 3s

bench-million:
	@.ci/need postgresql
	.ci/on-postgresql go run ./bench -size 1000000 -pairs 3 -length 2s -samples 100

$(GOLANGCI):
	.ci/tool $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

$(SQLC):
	.ci/tool $@ github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1

$(OAPI):
	.ci/tool $@ github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2
