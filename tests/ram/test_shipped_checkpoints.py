"""What is said about the shipped checkpoints is true: in their metadata and in the README."""

from pathlib import Path

import pytest

from ram.calibration import calibration_error
from ram.checkpoints import SHIPPED, load_checkpoint, read_info
from ram.evaluate import results_table
from ram.evaluation import VALIDATION, class_log_probs, digits_of, stored
from ram.presets import PRESETS
from ram.value_fit import estimates, expected_by_value, outcomes, stored_value, value_quality

ROOT = Path(__file__).parents[2]
FILES = sorted(SHIPPED.glob("*.safetensors"))


def test_readme_shows_the_results_that_the_checkpoints_carry() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, rest = readme.partition("<!-- results -->\n")
    table, end, _ = rest.partition("\n<!-- end of results -->")
    assert end, "README.md has lost the comments around its table"
    expected = results_table({path.name: read_info(path) for path in FILES})
    assert table == expected, "paste what this prints into README.md: python -m ram.evaluate --all --stored"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_checkpoint_is_what_its_preset_makes(path: Path) -> None:
    info, preset = read_info(path), PRESETS[path.stem]
    assert info.recipe == {"preset": path.stem, **preset.training.flat()}
    assert info.config == preset.model


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_checkpoint_is_as_good_as_it_says(path: Path) -> None:
    info = read_info(path)
    measured = stored(info, "test_error_mean")
    assert measured is not None, f"measure it: python -m ram.evaluate {path} --save"
    digits = digits_of(info, "test")
    log_probs = class_log_probs(load_checkpoint(path, "cpu"), digits, seed=0)
    wrong = 100 * (log_probs.argmax(dim=-1) != digits.labels).double().mean()
    # Another processor rounds differently, which may change the answer to three digits in 10,000.
    assert wrong.item() == pytest.approx(measured.per_seed[0], abs=0.0301)
    calibration = stored(info, "calibration_error_after") or stored(info, "calibration_error_before")
    if calibration is not None:
        assert calibration_error(log_probs, digits.labels) == pytest.approx(calibration.per_seed[0], abs=0.05)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_value_expects_a_right_answer_and_keeps_to_its_bars(path: Path) -> None:
    info = read_info(path)
    value = stored_value(info)
    assert expected_by_value(info) == "hit"
    assert value is not None
    assert max(map(abs, value.excess)) <= 0.003
    assert -0.02 <= value.lowest <= value.highest <= 1.02
    assert max(value.share) <= 1.001
    assert value.auc[-1] >= 0.8


def test_mean_value_on_the_digits_held_back_is_the_share_of_right_answers() -> None:
    path = SHIPPED / "mnist.safetensors"
    model = load_checkpoint(path, "cpu")
    looks = outcomes(model, digits_of(read_info(path), "validation"), seeds=range(5))
    accuracy = looks.right.double().mean().item()
    # It was fitted to these passes.
    values = estimates(model, looks)
    assert values.double().mean(dim=1).tolist() == pytest.approx([accuracy] * 6, abs=0.0002)
    assert max(value_quality(values, looks.right).share) <= 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_validation_and_test_error_are_measured_in_equally_many_passes(path: Path) -> None:
    held_back, test = (stored(read_info(path), name) for name in (VALIDATION, "test_error_mean"))
    assert held_back is not None
    assert test is not None
    assert len(held_back.per_seed) == len(test.per_seed)
