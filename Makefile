# Everything that is long lives in portal/: each target hands over to it.
PORT ?= 5000
CKAN ?= 2.12
ARGS ?=
SECONDS ?= 25

# Ends what it starts even where make itself is killed.
LAUNCH = exec setpriv --pdeathsig TERM portal/portal

.DEFAULT_GOAL := help
.PHONY: demo stop check test bench coexist ckan-tests fuzz lint translations clean help

demo: ## Run the whole portal here: http://127.0.0.1:5000, or make demo PORT=5050
	@$(LAUNCH) demo --port '$(PORT)'

stop: ## End the portal that `make demo` runs
	@exec portal/portal stop

check: ## Lint and run the tests that need no service: under a minute, while you work
	@$(LAUNCH) check

test: ## Run the tests with services of their own; make test CKAN=2.11, make test ARGS="tests/domain -k name"
	@$(LAUNCH) test --ckan '$(CKAN)' -- $(ARGS)

bench: ## Print how fast the pages are, beside CKAN's own
	@$(LAUNCH) bench -- $(ARGS)

coexist: ## Try the portal beside extensions of others: make coexist CKAN=2.11 ARGS=harvest
	@$(LAUNCH) coexist --ckan '$(CKAN)' -- $(ARGS)

ckan-tests: ## Run CKAN's own tests with and without the extension; make ckan-tests CKAN=2.11
	@$(LAUNCH) ckan-tests --ckan '$(CKAN)' -- $(ARGS)

fuzz: ## Have Schemathesis ask the API; for longer: make fuzz SECONDS=300
	@$(LAUNCH) fuzz --ckan '$(CKAN)' --seconds '$(SECONDS)'

lint: ## Check style, types and imports between rooms
	@exec portal/portal lint

translations: ## Renew the catalogues of messages from the code and the templates
	@exec portal/portal translations

clean: ## Remove all that the portal made, its data included
	@exec portal/portal clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\): ## /\1\t/p' Makefile | expand -t 14
