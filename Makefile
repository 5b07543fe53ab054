# Everything a person needs: `make help`.
PYTHON ?= python3
VENV ?= .venv
# PyTorch's CPU builds: on Linux a bare `torch` brings gigabytes of CUDA. Empty: whatever pip is set up for.
TORCH_INDEX ?=
LESSON ?= nn-module
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TORCH_FROM := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

# Many tests wait: two processes take half the time. A file stays in one of them, in order: browser tests are last.
IN_TWO := --numprocesses 2 --dist loadfile --no-loadscope-reorder

PEERS := ipykernel nbconvert nbgrader otter

.PHONY: learn test lint bench bench-answers bench-peers soak torture help clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 18

learn: $(VENV)/.learn ## install, and open the nn.Module lesson in the browser
	$(BIN)/foretell learn $(LESSON)

test: $(VENV)/.test $(VENV)/.browser ## install what tests need, and run them all
	$(BIN)/python -m pytest $(IN_TWO)

lint: $(VENV)/.lint ## style, types, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.browser ## measure against peers and limits, as ratios
	$(BIN)/python -m bench $(ONLY)

bench-answers: $(VENV)/.test ## judge the answers of ../shared, beside the notebook's own asserts
	$(BIN)/python -m bench.answers

bench-peers: $(PEERS:%=.bench-peers/%/.installed) ## install the peers that bench measures against (5 GB)

soak: $(VENV)/.test ## let learners come and go, and watch the memory of the supervisor
	$(BIN)/python -m bench.soak $(LEARNERS)

torture: $(VENV)/.test ## kill any process of foretell's at any moment, 500 times
	FORETELL_TORTURE_KILLS=500 $(BIN)/python -m pytest tests/torture -s

clean: ## forget everything that was installed
	rm -rf $(VENV) .bench-peers

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

.bench-peers/%/.installed: requirements/bench-%.txt constraints.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt $(TORCH_FROM) --requirement $<
	@touch $@

$(VENV)/.lint: $(VENV)/.test requirements/lint.txt
	$(PIP) --constraint constraints.txt --requirement requirements/lint.txt
	@touch $@
