# What a developer types. `make help` lists it.

GO      ?= go

# The race detector needs a C compiler; the tests do not.
RACE    ?= $(shell command -v $$($(GO) env CC) >/dev/null 2>&1 && echo -race)

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: ## set up what the tests need (PostgreSQL 15 or newer, promtool), then run all of them
	scripts/with-promtool scripts/with-postgres $(GO) test $(RACE) -timeout 12m ./...
	$(GO) test -run '^TestPeople$$' . # every case; the race detector gets one of six

.PHONY: lint
lint: ## formatting, vet and the linters of .golangci.yml
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); test -z "$$unformatted" || { echo "gofmt would change: $$unformatted"; exit 1; }
	$(GO) mod verify
	$(GO) mod tidy -diff
	$(GO) tool -modfile=tools/go.mod golangci-lint run

.PHONY: build
build: ## a static, stripped binary: ./pi-manager
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o pi-manager .

# The processor that `make image` builds for: amd64 or arm64.
ARCH    ?= amd64

.PHONY: image
image: ## the container image, without Docker: dist/ecm-manager-linux-ARCH (OCI layout) and .tar (docker load)
	scripts/compile linux $(ARCH) dist/linux-$(ARCH)/pi-manager
	$(GO) -C tools run ./image -binary '$(CURDIR)/dist/linux-$(ARCH)/pi-manager' -out '$(CURDIR)/dist' -version '$(VERSION)'

.PHONY: release
release: ## what a tag publishes: dist/release with binaries, images, SBOMs and SHA256SUMS
	scripts/release

.PHONY: bench
bench: ## speed and memory; docs/performance.md says what the figures mean
	$(GO) test -run '^$$' -bench . -benchmem -cpu 1 ./internal/policy ./internal/triage ./internal/warehouse ./internal/ledger/...
	$(GO) test -run '^$$' -bench . -benchtime 3x .
	scripts/size-and-start

.PHONY: fuzz
fuzz: ## each fuzz target for ten seconds
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 10s -fuzzminimizetime 1x $$package || exit 1; \
		done; \
	done

.PHONY: golden
golden: ## write the golden files anew; read the difference before you commit it
	$(GO) test ./internal/brief ./internal/slack ./k8s -update
	$(GO) test . -run 'TestPeople$$' -update

.PHONY: demo
demo: ## the main job on an invented world
	$(GO) run . demo

.PHONY: clean
clean: ## take away what the targets above made
	rm -rf pi-manager bin dist demo-world
