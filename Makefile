# Needs Python 3.11 or newer with venv and pip, and make. Everything else is installed into .venv.
#
# Each stamp (.venv/.installed-*) is newer than pyproject.toml when its packages are installed, so a second
# start does no pip work. The package is installed editable: a change of src/ needs no new install.

PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# Of an environment that only tests use little is imported: that is compiled then, not all of it now.
PIP_INSTALL_SOURCE := $(PIP_INSTALL) --no-compile
SERVE_OPTIONS ?=
PYTEST_OPTIONS ?=
# Each has databases of its own; with more than four of them PostgreSQL needs more than its 100 connections.
TEST_PROCESSES ?= 2
BENCH_OPTIONS ?=
FUZZ_SECONDS ?= 300
LOAD_SECONDS ?= 30

.DEFAULT_GOAL := help
.PHONY: help serve test test-ansible test-neutron test-galera fuzz load bench check check-dependencies docs migration clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: .venv/.installed-run ## Install and start the service on http://127.0.0.1:9696 (SERVE_OPTIONS="--port 9697")
	@exec $(BIN)/segmentary serve $(SERVE_OPTIONS)

test: .venv/.installed-test .venv-clients/.installed .venv-keystone/.installed ## Run every test (PYTEST_OPTIONS="tests/unit -k vlan")
	@$(BIN)/pytest --numprocesses=$(TEST_PROCESSES) --dist=worksteal $(PYTEST_OPTIONS)

test-galera: .venv/.installed-test ## Prove exactness on a Galera cluster of three nodes, from Debian's packages
	@[ -x /usr/sbin/mariadbd ] && [ -x /usr/bin/rsync ] && [ -e /usr/lib/galera/libgalera_smm.so ] \
		|| (apt-get update -qq && apt-get install --yes --quiet --no-install-recommends mariadb-server galera-4 rsync)
	@SEGMENTARY_TEST_GALERA=1 $(BIN)/pytest tests/galera $(PYTEST_OPTIONS)

test-ansible: .venv/.installed-test .venv-ansible/.installed ## Run Ansible's OpenStack modules against the service (downloads 600 MB)
	@SEGMENTARY_TEST_ANSIBLE=1 $(BIN)/pytest tests/contract/test_ansible.py $(PYTEST_OPTIONS)

fuzz: .venv/.installed-test ## Try the API at random for a long time (FUZZ_SECONDS=300, on each database)
	@SEGMENTARY_FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/pytest tests/fuzz -k conform $(PYTEST_OPTIONS)

load: .venv/.installed-test ## Prove exactness under load for a long time (LOAD_SECONDS=30, each proof on each database)
	@SEGMENTARY_LOAD_SECONDS=$(LOAD_SECONDS) $(BIN)/pytest -m load $(PYTEST_OPTIONS)

test-neutron: .venv/.installed-test .venv-neutron/.installed ## Audit and import a whole Neutron, installed from PyPI (minutes)
	@$(BIN)/pytest tests/neutron $(PYTEST_OPTIONS)

bench: .venv/.installed-test ## Measure speed beside the limit of this machine (BENCH_OPTIONS="--short")
	@$(BIN)/python -m bench $(BENCH_OPTIONS)

check: .venv/.installed-test .venv/.installed-check ## Check format, lint, types, layers and generated files
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/bandit --quiet --recursive --severity-level medium --confidence-level medium src
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.generate --check

check-dependencies: .venv/.installed-run ## Ask for known vulnerabilities of the installed libraries (needs PyPI's advisories)
	@$(BIN)/python $(PIP_INSTALL) pip-audit
	@$(BIN)/pip-audit --local --skip-editable

docs: .venv/.installed-run ## Write docs/reference from the declarations
	@$(BIN)/python -m tools.generate docs

migration: .venv/.installed-run ## Write the SQL of the first schema revision, while none is released
	@$(BIN)/python -m tools.generate migration

clean: ## Remove the environments and caches
	rm -rf .venv .venv-clients .venv-ansible .venv-keystone .venv-neutron .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/.created:
	@echo "Making a virtual environment in .venv"
	@$(PYTHON) -m venv .venv
	@touch $@

# order-only (after the bar): a stamp must not become stale because its neighbour was renewed
.venv/.installed-run: pyproject.toml | .venv/.created
	@echo "Installing segmentary into .venv"
	@$(BIN)/python $(PIP_INSTALL) --editable .
	@touch $@

.venv/.installed-test: pyproject.toml | .venv/.created
	@echo "Installing segmentary and its test tools into .venv"
	@$(BIN)/python $(PIP_INSTALL) --editable '.[test]'
	@touch $@ .venv/.installed-run

.venv/.installed-check: pyproject.toml | .venv/.created
	@echo "Installing the checking tools into .venv"
	@$(BIN)/python $(PIP_INSTALL) --editable '.[check]'
	@touch $@ .venv/.installed-run

# Neutron 2026.2 cannot make its schema on PostgreSQL: one of its revisions is SQL of MySQL only.
.venv-neutron/.installed: tests/neutron/requirements.txt
	@echo "Installing Neutron into .venv-neutron"
	@$(PYTHON) -m venv .venv-neutron
	@.venv-neutron/bin/python $(PIP_INSTALL_SOURCE) --requirement tests/neutron/requirements.txt
	@sed -i "s/^def upgrade():/def upgrade():\n    if op.get_bind().dialect.name != 'mysql':\n        return/" \
		.venv-neutron/lib/python*/site-packages/neutron/db/migration/alembic_migrations/versions/2025.2/expand/d553edeb540f_*.py
	@touch $@

.venv-clients/.installed: tests/contract/requirements.txt
	@echo "Installing OpenStack's clients into .venv-clients"
	@$(PYTHON) -m venv .venv-clients
	@.venv-clients/bin/python $(PIP_INSTALL_SOURCE) --requirement tests/contract/requirements.txt
	@touch $@

.venv-keystone/.installed: tests/identity/requirements.txt
	@echo "Installing OpenStack's identity service into .venv-keystone"
	@$(PYTHON) -m venv .venv-keystone
	@.venv-keystone/bin/python $(PIP_INSTALL_SOURCE) --requirement tests/identity/requirements.txt
	@touch $@

.venv-ansible/.installed: tests/contract/ansible/requirements.txt
	@echo "Installing Ansible into .venv-ansible"
	@$(PYTHON) -m venv .venv-ansible
	@.venv-ansible/bin/python $(PIP_INSTALL) --requirement tests/contract/ansible/requirements.txt
	@touch $@
