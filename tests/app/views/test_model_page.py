"""What the Model page says about a checkpoint's results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from app.views.checkpoint_view import comparison
from ram.checkpoints import CheckpointInfo, save_checkpoint
from ram.config import RAMConfig
from ram.controls import Controls
from ram.evaluation import over_seeds
from ram.model import RAM
from tests.servers import write_limits

CONFIG = RAMConfig(glimpse_size=4, num_glimpses=3, hidden_size=8, glimpse_hidden_size=4)


def measured(mean: float) -> dict[str, Any]:
    return {"mean": mean, "spread": 0.04, "per_seed": [mean] * 5}


ERRORS = {
    "test_error_mean": measured(0.5),
    "test_error_sampled": measured(2.0),
    "test_error_random": measured(20.0),
    "test_error_ten": measured(0.4),
    "calibration_error_before": measured(0.75),
}
CALIBRATED = {**ERRORS, "calibration_error_after": measured(0.25), "temperature": 1.254}


class Shown:
    """The page for a checkpoint with these results."""

    def __init__(self, folder: Path, results: dict[str, Any], config: RAMConfig = CONFIG, **recipe: Any) -> None:
        torch.manual_seed(0)
        info = CheckpointInfo(config, recipe.get("image_size", 28), recipe, results)
        save_checkpoint(folder / "only.safetensors", RAM(config).state_dict(), info)
        page = AppTest.from_function(_show, default_timeout=60).run()
        assert not page.exception
        assert not page.error
        self.metrics = {metric.label: metric.value for metric in page.metric}
        self.html = "\n".join(element.proto.body for element in page.get("html"))
        self.commands = [element.value for element in page.code]
        self.text = "\n".join(element.value for element in (*page.markdown, *page.caption))


def _show() -> None:
    from app.views import model_card

    model_card.show()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_limits(tmp_path, checkpoints=str(tmp_path))
    return tmp_path


def test_gazes_are_compared_by_bars_as_long_as_their_errors(folder: Path) -> None:
    shown = Shown(folder, ERRORS)
    for gaze, length in (("mean", 25.0), ("sampled", 100.0), ("ten", 20.0)):
        assert f"<li class='{gaze}'>" in shown.html
        assert f"style='width: {length}%'" in shown.html
    assert "<b>0.50 <small>± 0.04</small> %</b>" in shown.html


def test_gaze_is_only_compared_with_networks_that_were_trained_for_theirs(folder: Path) -> None:
    shown = Shown(folder, ERRORS)  # of an architecture for which there are none
    assert "<li class='learned'>" not in shown.html
    assert "This was not measured for this model" in shown.text
    assert "Sent to random places, for which it was not trained, this model is wrong in 20.00\u00a0%" in shown.text
    assert "as often" not in shown.text


def test_model_with_controls_shows_three_bars_and_what_came_out(folder: Path) -> None:
    shown = Shown(folder, ERRORS, config=RAMConfig(), preset="mnist")
    # 0.5475, 0.545 and 0.57; 0.4867, 0.5333 and 0.5533; 10.9625, 10.9183 and 10.9408.
    for gaze, error, length in (
        ("learned", "0.55 <small>± 0.01", "5.1"),
        ("fixed", "0.52 <small>± 0.03", "4.8"),
        ("random", "10.94 <small>± 0.02", "100.0"),
    ):
        assert f"<li class='{gaze}'>" in shown.html
        assert error in shown.html
        assert f"style='width: {length}%'" in shown.html
    assert "A fixed scan is **as good as the learned gaze** here" in shown.text
    assert "A random gaze is wrong **20 times** as often" in shown.text
    assert "Errors on 15,000 digits held back" in shown.text


@pytest.mark.parametrize(
    ("fixed", "verdict"),
    [
        ([0.5, 0.6, 0.4], "as good as the learned gaze"),
        ([0.90, 0.91, 0.89], "worse than the learned gaze"),
        ([0.20, 0.21, 0.19], "better than the learned gaze"),
    ],
)
def test_verdict_on_the_gaze_is_what_was_measured(fixed: list[float], verdict: str) -> None:
    errors = {"learned": [0.5, 0.51, 0.49], "fixed": fixed, "random": [1.1, 1.1, 1.1]}
    text = comparison(Controls("mnist", "", 1, 6, {gaze: over_seeds(of) for gaze, of in errors.items()}))
    assert f"A fixed scan is **{verdict}** here" in text
    assert "wrong **2.2 times** as often" in text


def test_calibration_is_shown_as_it_is_now_beside_what_it_was(folder: Path) -> None:
    shown = Shown(folder, CALIBRATED)
    assert shown.metrics["Calibration error"] == "0.25 %"
    assert "divided by 1.25, which makes it less sure" in shown.text
    assert "Before, it was 0.75\u00a0%" in shown.text


def test_model_without_calibration_says_so(folder: Path) -> None:
    shown = Shown(folder, ERRORS)
    assert shown.metrics["Calibration error"] == "0.75 %"
    assert "as training left them" in shown.text


def test_larger_images_are_described(folder: Path) -> None:
    shown = Shown(folder, ERRORS, image_size=60, clutter=4)
    assert shown.metrics["Image"] == "60×60"
    assert "anywhere in 60×60 pixels among 4 pieces of others" in shown.text


def test_run_shows_its_validation_error_alone(folder: Path) -> None:
    shown = Shown(folder, {"validation_error": 2.345, "training_error": 1.0, "epoch": 3})
    assert list(shown.metrics) == ["Parameters", "Glimpses", "Patch", "Image", "Validation error, digits held back"]
    assert shown.metrics["Validation error, digits held back"] == "2.35 %"
    assert "<li" not in shown.html


def test_validation_error_in_the_passes_of_the_test_error_goes_before_the_runs_own(folder: Path) -> None:
    shown = Shown(folder, {"validation_error": 2.345, "validation_error_mean": measured(2.1)})
    assert shown.metrics["Validation error, digits held back"] == "2.10 ± 0.04 %"


VALUE = {"share": [1.0] * 3, "excess": [0.001] * 3, "auc": [0.5, 0.7, 0.8], "lowest": 0.9, "highest": 1.0}


@pytest.mark.parametrize(
    ("recipe", "results", "said"),
    [
        ({}, {}, "how likely its answer is to be right."),
        ({"reward": "information"}, {}, "**expected information** in the answer, not how likely it is to be right"),
        ({"reward": "information"}, {"value_fitted": True}, "It was fitted to right answers after the training."),
    ],
)
def test_value_is_said_to_expect_what_it_was_trained_or_fitted_for(
    folder: Path, recipe: dict[str, Any], results: dict[str, Any], said: str
) -> None:
    shown = Shown(folder, {**ERRORS, "value": VALUE, **results}, **recipe)
    assert said in shown.text
    assert ("estimates the expected information" in shown.html) == ("expected information" in said)
    assert shown.metrics["Right answers told from wrong ones"] == "80 %"


@pytest.mark.parametrize("damage", [None, "<script>", {}, {"mean": "<script>", "spread": 0, "per_seed": []}, [1]])
def test_results_that_make_no_sense_are_left_out(folder: Path, damage: object) -> None:
    shown = Shown(folder, dict.fromkeys([*CALIBRATED, "validation_error"], damage), clutter=damage)
    assert list(shown.metrics) == ["Parameters", "Glimpses", "Patch", "Image"]
    assert "<script>" not in shown.html + shown.text


def test_recipe_is_the_command_that_trains_the_same(folder: Path) -> None:
    (command,) = Shown(folder, {}, preset="mnist", seed=2).commands
    assert command.startswith("python -m ram.train --preset mnist ")
    assert "--seed 2" in command


def test_recipe_of_another_version_says_so(folder: Path) -> None:
    shown = Shown(folder, {}, preset="mnist", magic=1)
    assert not shown.commands
    assert "in a way that this version does not know: unknown field 'magic'" in shown.text
