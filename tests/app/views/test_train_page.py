"""The Train page, run by Streamlit without a browser; its runs are real processes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from app.runs.jobs import jobs
from app.server import catalogue
from app.session.messages import plain_text
from ram.checkpoints import SHIPPED
from ram.config import TrainConfig
from ram.training.run_folder import RunFolder
from tests.app.conftest import end
from tests.app.views.test_pages import open_app, shown
from tests.app.views.train_page import TINY, button, parts, put_run, train_page
from tests.processes import wait_until
from tests.servers import write_limits


def test_server_without_runs_shows_a_recorded_one_and_plays_it(runs_folder: Path) -> None:
    page = train_page()
    assert page.session_state["run"] == "recorded/one-minute"
    assert page.selectbox(key="run").options[0] == "One minute (recorded)"
    viewer = parts(page)["replay-0"]
    assert viewer["plays"]
    assert viewer["replay"]
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Parameters"] == "217,613"
    captions = {chart["name"]: chart["caption"] for chart in parts(page)["charts"]["charts"]}
    assert "the baseline has learned what to expect" in captions["reward"]
    assert captions["spread"].startswith("The spread left 0 after ")
    assert [button(page, key) for key in ("use", "use-compare", "resume", "stop", "rename", "delete")] == [
        *(True, True, False, False, False, False)
    ]
    assert [code.value for code in page.code] == ["python -m ram.record one-minute"]

    page.button(key="choose-recorded/no-baseline-1").click().run()
    assert not page.exception
    assert page.query_params["run"] == "recorded/no-baseline-1"
    assert not button(page, "use")
    assert any("differ in their seeds alone reach" in markdown.value for markdown in page.markdown)
    page.button(key="choose-recorded/no-reinforce").click().run()
    assert any(markdown.value.endswith("and the first recorded run 97.8 %.") for markdown in page.markdown)
    page.button(key="choose-recorded/no-baseline-1").click().run()

    page.selectbox(key="against").select("recorded/one-minute").run()
    assert not page.exception
    assert {row["field"] for row in page.dataframe[0].value.to_dict("records")} == {
        *("preset", "reinforce_weight", "baseline"),
    }
    lines = parts(page)["charts"]["charts"][0]["caption"].splitlines()
    assert [line.partition(":")[0] for line in lines] == ["No baseline, 1", "One minute"]


def test_run_of_a_visitor_does_not_play_by_itself_and_stands_before_the_recorded_ones(runs_folder: Path) -> None:
    put_run(runs_folder, "mine", TrainConfig.of(epochs=5))
    page = train_page()
    assert page.selectbox(key="run").options[:2] == ["mine", "One minute (recorded)"]
    assert not parts(page)["replay-0"]["plays"]
    assert not any(button.key.startswith("choose-") for button in page.button if button.key)


def test_server_without_recorded_runs_invites(
    runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(SHIPPED / "mnist.safetensors", bare)
    monkeypatch.setenv("GLIMPSE_LIMITS", str(write_limits(bare, checkpoints=str(bare))))
    assert parts(train_page())["replay-none"]["prompt"].startswith("Take a preset and start")
    end(jobs())


def test_large_figures_of_a_run_are_what_it_wrote(runs_folder: Path) -> None:
    put_run(runs_folder, "plain", TrainConfig.of(epochs=5))
    figures = {metric.label: metric.value for metric in train_page().metric}
    assert figures == {
        "Best validation accuracy": "97.50 %",  # 100 less the error of 2.5
        "Parameters": "217,613",
        "Whole epochs": "3",
        "Training time": "60 s",
    }


def test_run_with_drawings_shows_how_many_are_read_and_calls_no_accuracy_its_best(runs_folder: Path) -> None:
    put_run(runs_folder, "own", TrainConfig.of(epochs=5))
    run = RunFolder(runs_folder / "own")
    for step, error in ((10, 60.0), (20, 45.0), (30, 20.0)):
        run.append_metrics({"step": step, "epoch": step / 10, "elapsed_s": step, "drawings_error": error})
    figures = {metric.label: metric.value for metric in train_page().metric}
    assert figures["Validation accuracy"] == "97.50 %"
    assert "Best validation accuracy" not in figures
    assert figures["My drawings held back, before and after"] == "40 → 80 %"


def test_charts_of_a_run_say_which_reward_it_earns(runs_folder: Path) -> None:
    put_run(runs_folder, "informed", TrainConfig.of(epochs=5, reward="information"))
    alts = {chart["name"]: chart["alt"] for chart in parts(train_page())["charts"]["charts"]}
    assert alts["reward"] == (
        "Reward, and the value that predicts it: share of the information over the training time; "
        "at the end information 0.50; value, expected information: 0.40"
    )


def test_run_trains_and_is_a_model_at_once(runs_folder: Path) -> None:
    page = train_page(recipe=TINY)
    page.text_input(key="run_name").set_value("Class 7b")
    page.button(key="start_training").click().run()
    assert not page.exception
    run = page.session_state["run"]
    assert page.session_state["run_name"] == ""
    assert RunFolder(runs_folder / run).read_config().training.data.validation_images == 100
    assert button(page, "stop")
    wait_until(lambda: _finished(runs_folder / run))
    page.run()
    assert button(page, "use")
    assert not button(page, "stop")
    app = open_app(sample="17", model=run)
    assert app.selectbox(key="model").value == run
    assert len(shown(app)["scene"]["locations"]) == 2


def test_run_that_is_started_is_announced_and_shown_beside_one_of_the_command_line(runs_folder: Path) -> None:
    by_hand = put_run(runs_folder, "one-minute-20260101-120000", TrainConfig.of(epochs=5))
    page = train_page(recipe=TINY)
    assert page.session_state["run"] == by_hand
    page.text_input(key="run_name").set_value("Class 7b")
    page.button(key="start_training").click().run()
    assert [toast.value for toast in page.toast] == ["Started: Class 7b"]
    assert page.selectbox(key="run").options[:2] == ["Class 7b", by_hand]
    assert page.session_state["run"] != by_hand


def test_train_opens_on_the_newest_run(runs_folder: Path) -> None:
    for name in ("one-minute-20260101-120000", "20260102-120000-abcd", "mine"):
        put_run(runs_folder, name, TrainConfig.of(epochs=5))
        state = (runs_folder / name / "config.json").stat()
        os.utime(runs_folder / name / "best.safetensors", (state.st_atime, state.st_mtime + 1000 * (name[0] == "2")))
    page = train_page()
    own = page.selectbox(key="run").options[:3]
    assert own == ["mine", "20260102-120000-abcd", "one-minute-20260101-120000"]
    assert page.session_state["run"] == "mine"
    models = catalogue.model_names()
    assert models[-3:] == own


def _finished(path: Path) -> bool:
    state = RunFolder(path).read_state()
    assert state is None or state.status != "failed", state
    return state is not None and state.status == "finished"


def test_uploaded_checkpoint_promises_no_curves(runs_folder: Path) -> None:
    run = jobs().add_checkpoint((SHIPPED / "mnist.safetensors").read_bytes(), "from home")
    page = train_page(run=run)
    assert not page.exception
    assert page.caption[-1].value == "How it learned was not recorded here: use it on Draw to watch it look."
    assert not page.get("bidi_component")


def test_run_that_ended_before_its_first_reading_promises_nothing(runs_folder: Path) -> None:
    name = put_run(runs_folder, "a", TrainConfig.of(epochs=5), status="stopped")
    for file in ("metrics.jsonl", "best.safetensors"):
        (runs_folder / name / file).unlink()
    page = train_page(run=name)
    assert not page.exception
    assert "How it learned was not recorded here." in [caption.value for caption in page.caption]
    assert not page.get("bidi_component")


def test_two_runs_are_compared_by_what_differs(runs_folder: Path) -> None:
    put_run(runs_folder, "a", TrainConfig.of(minutes=1))
    put_run(runs_folder, "b", TrainConfig.of(minutes=1, baseline="none"))
    page = train_page(run="a", against="b")
    assert not page.exception
    assert page.dataframe[0].value.to_dict("records") == [{"field": "baseline", "a": "value", "b": "none"}]


def test_interrupted_run_says_what_happened_and_can_be_resumed(runs_folder: Path) -> None:
    put_run(runs_folder, "a", TrainConfig.of(epochs=5), status="running")
    page = train_page()
    assert page.warning[-1].value == (
        "Its process ended before its time. What was saved before is intact. Resume it, or go on with what it has."
    )
    assert button(page, "resume")


def test_damaged_run_is_shown_with_a_way_on(runs_folder: Path) -> None:
    put_run(runs_folder, "a", TrainConfig.of(epochs=5))
    (runs_folder / "a" / "config.json").write_text(
        '{"training": {"epochs": 0}, "model": {}, "preset": ""}', encoding="utf-8"
    )
    page = train_page()
    assert not page.exception
    assert page.warning[-1].value == (
        "config.json is damaged: epochs=0 is not possible: it must be a whole number from 1 to 100000. "
        "Use what it has, or start again."
    )
    page.checkbox(key="sure-a").check().run()
    page.button(key="delete").click().run()
    assert not page.exception
    assert not (runs_folder / "a").exists()


@pytest.mark.parametrize("state", ["finished", "stopped"])
def test_run_that_another_version_began_otherwise_is_shown_but_not_resumed(runs_folder: Path, state: str) -> None:
    put_run(runs_folder, "a", TrainConfig.of(epochs=5), state)
    path = runs_folder / "a" / "config.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"epochs": 5', '"epochs": 5, "finish": 0.3'), encoding="utf-8"
    )
    page = train_page()
    assert not page.exception
    assert "97.50 %" in [metric.value for metric in page.metric]
    assert button(page, "use")
    assert not button(page, "resume")
    sentence = "another version began it with finish=0.3, which this one does not know"
    warnings = [] if state == "finished" else [f"It cannot be resumed: {sentence}. Use what it has, or start again."]
    assert [warning.value for warning in page.warning if "another version" in warning.value] == warnings
    assert f"No command reproduces it: {plain_text(sentence)}." in [caption.value for caption in page.caption]


def test_deleted_model_makes_room_for_the_default_in_an_open_session(runs_folder: Path) -> None:
    put_run(runs_folder, "a", TrainConfig.of(epochs=5))
    app = open_app(sample="17", model="a")
    assert shown(app)["scene"]["answer"].startswith("RAM says 7")
    shutil.rmtree(runs_folder / "a")
    app.run()
    assert not app.exception
    assert app.selectbox(key="model").value == "mnist"


def test_run_is_compared_with_the_pretrained_model_on_one_digit(runs_folder: Path) -> None:
    put_run(runs_folder, "a", TrainConfig.of(epochs=5))
    app = open_app(sample="17", model="a", compare="yes")
    viewers = [element.key for element in app.get("bidi_component") if element.key in ("viewer", "pretrained")]
    assert viewers == ["viewer", "pretrained"]
