# Everything one does with a checkout. `make help` lists it; README.md explains the first two.
PYTHON_IN := .venv/bin/python
STACK := $(PYTHON_IN) -m deploy.stack
TESTS ?= tests
CODE := benchmarks clients common deploy services tests

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status logs migrate test test-long test-containers bench lint clean

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
	@$(PYTHON_IN) -m pytest $(TESTS)

test-long: setup ## all tests
	@$(PYTHON_IN) -m pytest -m "long or not long" $(TESTS)

test-containers: setup ## the tests on testcontainers
	@$(PYTHON_IN) -m pytest -m "long or not long" tests/containers

bench: setup ## the benchmarks, as ratios to a baseline
	@for file in benchmarks/[a-z]*.py; do \
		name=$$(basename $$file .py); \
		[ $$name = measure ] || $(PYTHON_IN) -m benchmarks.$$name || exit 1; \
	done

lint: setup ## what must be clean before a commit
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy $(CODE)
	@cd protos && ../.venv/bin/buf lint gen/sas.binpb --path sas --config buf.yaml

clean: ## stop the stack and remove everything it has written
	@if [ -x $(PYTHON_IN) ]; then $(STACK) clean; else rm -rf var; fi
