# make run: set up and start the app.  make test: set up and run every test.  Both work on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin

NODE := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/node

.PHONY: run test test-browsers lint format browser nginx

run: .venv/run
	$(BIN)/streamlit run app/main.py

test: .venv/js browser nginx
	$(NODE) --test "tests/js/*.test.js"
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
	$$(which nginx >/dev/null || echo --ignore tests/app/server/test_nginx.py)

# The first steps of a visitor in Firefox and WebKit, as Debian has them.
test-browsers: .venv/dev
	@[ "$$(which firefox-esr WebKitWebDriver xvfb-run | wc -l)" = 3 ] \
	|| { apt-get update -qq && apt-get install -y -qq firefox-esr webkit2gtk-driver xvfb xauth; }
	$(BIN)/python -m pytest tests/browsers

lint: .venv/js
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy ram app tests
	$(BIN)/mypy --platform win32 ram app
	$(NODE) node_modules/.bin/biome check --error-on-warnings
	$(NODE) node_modules/.bin/tsc
	$(NODE) node_modules/.bin/tsc --project tests/js

format: .venv/js
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NODE) node_modules/.bin/biome check --write

# The browser tests drive the system's Chromium; where there is none, it is installed or downloaded.
browser: .venv/dev
	@[ -n "$$(which chromium-headless-shell chromium chromium-browser google-chrome 2>/dev/null)" ] \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium-headless-shell; } \
	|| $(BIN)/playwright install --only-shell chromium

# The tests in tests/app/server/test_nginx.py need nginx. Where root has apt, as in CI, it is installed, or nothing passes.
nginx:
	@if ! which nginx >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq nginx-light; \
		else echo "nginx is not installed: its tests are left out."; fi; fi

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements.txt pyproject.toml
	$(BIN)/python -m pip install -r requirements.txt
	touch $@

.venv/dev: .venv/bin/python requirements.txt requirements-dev.txt pyproject.toml
	$(BIN)/python -m pip install -r requirements-dev.txt
	touch $@

# What checks the JavaScript; the app itself needs none of it.
.venv/js: .venv/dev package.json package-lock.json
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci
	touch $@
