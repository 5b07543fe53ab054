# Everything a person needs: `make help`.
PYTHON ?= python3
VENV ?= .venv
# PyTorch's CPU builds: on Linux a bare `torch` brings gigabytes of CUDA. Empty: whatever pip is set up for.
TORCH_INDEX ?=
LESSON ?= nn-module
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TORCH_FROM := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: learn test lint bench help clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 14

learn: $(VENV)/.learn ## install, and open the nn.Module lesson in the browser
	$(BIN)/foretell learn $(LESSON)

test: $(VENV)/.test $(VENV)/.browser ## install what tests need, and run them all
	$(BIN)/python -m pytest

lint: $(VENV)/.lint ## style, types, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.bench ## measure against peers and limits, as ratios
	$(BIN)/python -m bench $(ONLY)

clean: ## forget everything that was installed
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.learn: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing foretell and PyTorch into $(VENV) (once) ..."
	$(PIP) --constraint constraints.txt $(TORCH_FROM) --editable '.[torch]'
	@touch $@

$(VENV)/.test: $(VENV)/.learn requirements/test.txt
	$(PIP) --constraint constraints.txt --requirement requirements/test.txt
	@touch $@

# Browser tests drive the Chromium of this machine, or else one that Playwright downloads.
$(VENV)/.browser: $(VENV)/.test
	@command -v "$${FORETELL_CHROMIUM:-chromium}" >/dev/null || command -v google-chrome >/dev/null \
		|| $(BIN)/python -m playwright install chromium
	@touch $@

$(VENV)/.bench: $(VENV)/.test requirements/bench.txt
	$(PIP) --constraint constraints.txt --requirement requirements/bench.txt
	@touch $@

$(VENV)/.lint: $(VENV)/.test requirements/lint.txt
	$(PIP) --constraint constraints.txt --requirement requirements/lint.txt
	@touch $@
