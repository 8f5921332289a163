# Everything one does with a checkout. `make help` lists it; README.md explains the first two.
PYTHON_IN := .venv/bin/python
STACK := $(PYTHON_IN) -m deploy.stack
BESIDE := $(addprefix tests/,policy property structure unit \
	$(addprefix service/,database events gateway identity reports vault witness))
CODE := benchmarks clients common deploy services tests witness

# All tests run in two halves side by side, since most wait for servers most of the time.
ifdef TESTS
pytest = $(PYTHON_IN) -m pytest $(1) $(TESTS)
else
pytest = mkdir -p var; \
	nice -n 5 $(PYTHON_IN) -m pytest $(1) $(BESIDE) > var/tests-beside.log 2>&1 & beside=$$!; \
	trap "kill $$beside" INT TERM; \
	$(PYTHON_IN) -m pytest $(1) tests $(addprefix --ignore=,$(BESIDE)); failed=$$?; \
	wait $$beside || failed=$$?; cat var/tests-beside.log; exit $$failed
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status logs migrate events test test-long test-containers bench lint policy-diff clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing (done by the others as needed)
	@deploy/bootstrap.sh

demo: setup ## the whole story on real servers, each step checked
	@$(PYTHON_IN) -m deploy.demo

up: setup ## start the stack and wait until it is ready
	@$(STACK) up

down: ## stop the stack
	@[ ! -x $(PYTHON_IN) ] || $(STACK) down

status: ## what runs, and whether it answers
	@$(STACK) status

logs: ## what the processes say; one of them: make logs NAME=cases-serve
	@$(STACK) logs $(NAME)

migrate: setup ## bring the databases of the running stack to their newest form
	@$(STACK) migrate

test: setup ## all tests but the long ones; some of them: make test TESTS=tests/unit
	@$(call pytest,)

test-long: setup ## all tests
	@$(call pytest,-m "long or not long")

test-containers: setup ## the tests of services, with servers in containers
	@$(PYTHON_IN) -m tests.containers.run

bench: setup ## the benchmarks, as ratios to a baseline of the same run
	@$(STACK) up && $(PYTHON_IN) -m benchmarks.notes && $(PYTHON_IN) -m benchmarks.ledger && $(PYTHON_IN) -m benchmarks.stack; \
		code=$$?; $(STACK) down; exit $$code

events: ## events that could not be handled (`.venv/bin/sas events retry` puts them back)
	@.venv/bin/sas events parked

lint: setup ## what must be clean before a commit
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy $(CODE)
	@.venv/bin/lint-imports --no-cache
	@cd protos && ../.venv/bin/buf lint gen/sas.binpb --path sas --config buf.yaml
	@old=$$(mktemp -d); trap "rm -rf $$old" EXIT; \
		git archive HEAD protos | tar -x -C $$old; \
		$(PYTHON_IN) $$old/protos/generate.py; \
		cd protos && ../.venv/bin/buf breaking gen/sas.binpb --path sas --config buf.yaml \
			--against $$old/protos/gen/sas.binpb
	@$(PYTHON_IN) -m tests.policy.diff

policy-diff: setup ## who gains and who loses by this checkout's confidentiality policy; FROM=a commit
	@$(PYTHON_IN) -m tests.policy.diff $(FROM)

clean: ## stop the stack and remove everything it has written
	@if [ -x $(PYTHON_IN) ]; then $(STACK) clean; else rm -rf var; fi
