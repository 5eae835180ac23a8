"""The app where the system's locale knows no letters but English ones."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from ram.config import RAMConfig, TrainConfig
from ram.training.run_folder import RunConfig, RunFolder, RunState
from tests.e2e.conftest import running_app
from tests.e2e.drawing import see

NAME = "Größe → 𝔸"


def test_app_reads_and_writes_utf8_in_a_locale_without_it(page: Page, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "runs" / "a")
    run.create(RunConfig("mnist", RAMConfig(), TrainConfig()))
    run.write_name(NAME)
    run.write_state(RunState("failed", problem="Für immer → verloren."))
    with running_app(tmp_path, environment={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": None}) as server:
        page.goto(f"{server}/?sample=17&speed=4")
        see(page.get_by_text("RAM says 7").first, seconds=60)
        page.goto(f"{server}/train")
        see(page.get_by_text("Für immer → verloren.").first, seconds=60)
        expect(page.get_by_role("combobox", name="Run").first).to_have_value(NAME)
    assert "Unicode" not in (tmp_path / "log").read_text(encoding="utf-8")
