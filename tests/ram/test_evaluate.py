"""The command line that measures checkpoints, on a small model that is three times as sure as it should be."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch
from torch import Generator, Tensor

from ram.checkpoints import CheckpointInfo, load_checkpoint, load_digit_check, read_info, save_checkpoint
from ram.config import RAMConfig
from ram.data.mnist import DataError, Digits, as_floats, load_mnist
from ram.evaluate import main, results_table
from ram.evaluation import VALIDATION, OverSeeds, passes, stored, stored_number
from ram.model import RAM
from ram.value_fit import expected_by_value, stored_value

CONFIG = RAMConfig(glimpse_size=12, num_glimpses=2, hidden_size=32, glimpse_hidden_size=16)
INFO = CheckpointInfo(
    CONFIG,
    28,
    {"preset": "mnist", "train_images": 10_000},  # so many are enough to fit the value of so small a model to
    {"validation_error": 61.5, "epoch": 3},
    classes=tuple("0123456789"),
)
GAZES = ("mean", "sampled", "random", "ten")
TOO_SURE = 3.0


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, training_digits: Digits) -> Path:
    """A checkpoint of random features and a fitted action network, whose logits are then multiplied."""
    torch.manual_seed(0)
    model, digits = RAM(CONFIG), training_digits.take(torch.arange(3000))
    episode = model.episode(as_floats(digits.images), sample_locations=False, generator=Generator().manual_seed(0))
    hidden = episode.hidden_states[-1].detach()
    optimizer = torch.optim.LBFGS(model.action_network.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        error = torch.nn.functional.cross_entropy(model.action_network.logits(hidden), digits.labels)
        error.backward()
        return error

    optimizer.step(loss)
    with torch.no_grad():
        for parameter in model.action_network.parameters():
            parameter.mul_(TOO_SURE)
    path = tmp_path_factory.mktemp("fresh") / "small.safetensors"
    save_checkpoint(path, model.state_dict(), INFO)
    return path


@pytest.fixture(scope="module")
def saved(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, measured."""
    path = Path(shutil.copy(fresh, tmp_path_factory.mktemp("saved")))
    assert main([str(path), "--save"]) == 0
    return path


@pytest.fixture(scope="module")
def calibrated(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, calibrated."""
    path = Path(shutil.copy(fresh, tmp_path_factory.mktemp("calibrated")))
    assert main([str(path), "--calibrate", "--examples", "200"]) == 0
    return path


def measured_unlikely(path: Path) -> float:
    """The share of test digits with no probability of one half, in percent, over the five seeds of a measurement."""
    log_probs = passes(load_checkpoint(path, "cpu"), load_mnist("test"), seeds=range(5))
    return 100 * float((log_probs.amax(dim=-1).exp() < 0.5).double().mean())


def figure(path: Path, name: str) -> OverSeeds:
    found = stored(read_info(path), name)
    assert found is not None
    return found


def test_saving_adds_results_and_keeps_everything_else(fresh: Path, saved: Path) -> None:
    info = read_info(saved)
    assert dataclasses.replace(info, results=INFO.results) == INFO
    assert info.results.items() >= INFO.results.items()
    measured = {*(f"test_error_{gaze}" for gaze in GAZES), "calibration_error_before", "value", "not_sure", VALIDATION}
    assert set(info.results) == {*INFO.results, *measured}
    before, after = load_checkpoint(fresh, "cpu").state_dict(), load_checkpoint(saved, "cpu").state_dict()
    assert all(weight.equal(before[name]) for name, weight in after.items())


def test_errors_of_all_gazes_are_measured_with_five_seeds(saved: Path) -> None:
    errors = {gaze: figure(saved, f"test_error_{gaze}") for gaze in GAZES}
    assert all(len(error.per_seed) == 5 and len(set(error.per_seed)) > 1 for error in errors.values())
    assert errors["ten"].mean < errors["mean"].mean < 90
    assert errors["random"].mean < 90


def test_calibration_finds_by_how_much_the_model_is_too_sure(fresh: Path, saved: Path, calibrated: Path) -> None:
    temperature = stored_number(read_info(calibrated), "temperature")
    assert temperature == pytest.approx(TOO_SURE, rel=0.1)
    before, after = (load_checkpoint(path, "cpu").state_dict() for path in (fresh, calibrated))
    assert not any(after[name].allclose(before[name]) for name in after if name.startswith("value_network"))
    for name, weight in ((name, weight) for name, weight in after.items() if not name.startswith("value_network")):
        assert weight.allclose(before[name] / (temperature if name.startswith("action_network") else 1))
    for prefix in ("", "validation_"):
        assert figure(calibrated, f"{prefix}calibration_error_before").mean > 20
        assert figure(calibrated, f"{prefix}calibration_error_after").mean < 5
    assert figure(calibrated, "calibration_error_before").per_seed == pytest.approx(
        figure(saved, "calibration_error_before").per_seed, abs=0.01
    )


def test_calibrated_model_has_a_value_that_predicts_right_answers(saved: Path, calibrated: Path) -> None:
    before, after = stored_value(read_info(saved)), stored_value(read_info(calibrated))
    assert before is not None
    assert after is not None
    assert max(after.share) < 1.01 < min(before.share)
    assert after.excess == pytest.approx([0] * CONFIG.num_glimpses, abs=0.02)


def test_calibrated_model_says_that_its_value_was_fitted(fresh: Path, saved: Path, calibrated: Path) -> None:
    told = {
        path: dataclasses.replace(read_info(path), recipe={"reward": "information"}) for path in (saved, calibrated)
    }
    assert expected_by_value(told[saved]) == "information"
    assert expected_by_value(told[calibrated]) == "hit"
    assert expected_by_value(read_info(fresh)) == "hit"


def test_validation_error_is_measured_in_as_many_passes_as_the_test_error(saved: Path) -> None:
    assert len(figure(saved, VALIDATION).per_seed) == 5
    # The model was fitted on training digits; on the other digits it is about as bad as on the test digits.
    assert figure(saved, VALIDATION).mean == pytest.approx(figure(saved, "test_error_mean").mean, abs=5)


def test_calibrated_checkpoint_carries_a_digit_check_and_how_much_it_doubts(saved: Path, calibrated: Path) -> None:
    assert load_digit_check(saved) is None
    check = load_digit_check(calibrated)
    assert check is not None
    assert check.weight.shape == (4 * CONFIG.num_glimpses * CONFIG.hidden_size,)
    # Of the digits held back it doubts 0.2 %, of the test digits about as many, beside those that are unlikely anyway.
    unlikely = measured_unlikely(calibrated)
    assert unlikely <= figure(calibrated, "not_sure").mean <= unlikely + 0.6


def test_calibration_changes_no_answer_but_the_averaged_one(saved: Path, calibrated: Path) -> None:
    for gaze in ("mean", "sampled", "random"):
        assert figure(calibrated, f"test_error_{gaze}") == figure(saved, f"test_error_{gaze}")
    assert figure(calibrated, "test_error_ten") != figure(saved, "test_error_ten")


def test_calibrating_twice_changes_nothing(calibrated: Path, tmp_path: Path) -> None:
    again = Path(shutil.copy(calibrated, tmp_path))
    assert main([str(again), "--calibrate", "--examples", "200"]) == 0
    before, after = (load_checkpoint(path, "cpu").state_dict() for path in (calibrated, again))
    assert all(weight.allclose(before[name], rtol=1e-5) for name, weight in after.items())
    first, second = (read_info(path) for path in (calibrated, again))
    assert stored_number(second, "temperature") == pytest.approx(stored_number(first, "temperature"), rel=1e-5)
    for name in ("calibration_error_before", "calibration_error_after", "validation_calibration_error_before"):
        assert figure(again, name).mean == pytest.approx(figure(calibrated, name).mean, abs=0.01)


def test_stored_results_are_printed_without_measuring(
    saved: Path, calibrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(saved), "--stored"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(
        f"small.safetensors: {sum(p.numel() for p in RAM(CONFIG).parameters()):,} parameters\n10,000"
    )
    assert "mean and standard deviation over 5 seeds" in text
    for gaze in GAZES:
        error = figure(saved, f"test_error_{gaze}")
        assert f" {error.mean:.2f} ± {error.spread:.2f}\n" in text
    assert "divided by" not in text
    assert main([str(calibrated), "--stored"]) == 0
    assert "  with logits divided by " in capsys.readouterr().out


def test_json_has_the_same_figures(calibrated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(calibrated), "--stored", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["checkpoint"], report["seeds"], report["image_size"]) == ("small.safetensors", 5, 28)
    assert OverSeeds(**report["test_error_percent"]["ten"]) == figure(calibrated, "test_error_ten")
    assert OverSeeds(**report["calibration_error_percent"]["after"]) == figure(calibrated, "calibration_error_after")


def test_progress_is_no_part_of_the_output(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(fresh), "--json"]) == 0
    output = capsys.readouterr()
    json.loads(output.out)
    assert "small, random" in output.err
    assert read_info(fresh) == INFO  # nothing was asked to be saved


def test_all_checkpoints_of_a_folder_make_a_table(
    saved: Path, fresh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(saved, tmp_path / "measured.safetensors")
    shutil.copy(fresh, tmp_path / "not-yet.safetensors")
    assert main(["--all", str(tmp_path), "--stored"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("| checkpoint | images |")
    assert lines[2].startswith("| `measured` | 28×28 | 2 of 12×12 | ")
    assert lines[3].endswith("| 61.50 | – | – | – | – | – | – | – |")


def test_table_shows_images_scales_and_calibration() -> None:
    error = OverSeeds(1.234, 0.056, [1.2, 1.3])._asdict()
    small = dataclasses.replace(INFO, config=RAMConfig(), results={"calibration_error_before": error})
    large = dataclasses.replace(
        INFO,
        config=RAMConfig(glimpse_size=12, num_scales=4, num_glimpses=8),
        image_size=100,
        recipe={"image_size": 100, "clutter": 8},
        results={f"test_error_{gaze}": error for gaze in GAZES}
        | {
            "validation_error": 2,
            "validation_error_mean": {**error, "mean": 3},
            "calibration_error_before": error,
            "calibration_error_after": {**error, "mean": 0.5},
        }
        | {
            "value": {
                "share": [0.9991] + [0.95] * 7,
                "excess": [0] * 8,
                "auc": [0.5] * 7 + [0.85],
                "lowest": 0,
                "highest": 1,
            }
        },
    )
    rows = results_table({"large.safetensors": large, "small.safetensors": small}).splitlines()[2:]
    assert rows[0] == "| `small` | 28×28 | 6 of 8×8 | 209,421 | – | – | – | – | – | 1.23 | – | – |"
    assert rows[1].startswith("| `large` | 100×100, 8 pieces | 8 of 12×12 at 4 scales | ")
    assert rows[1].endswith(" | 3.00 ± 0.06" + " | 1.23 ± 0.06" * 4 + " | 1.23 → 0.50 | 0.999, 0.85 | – |")


def test_table_is_ordered_from_easy_to_hard() -> None:
    def info(image_size: int = 28, **recipe: object) -> CheckpointInfo:
        return dataclasses.replace(INFO, image_size=image_size, recipe=recipe)

    infos = {
        "cluttered": info(60, clutter=4),
        "a-successor": info(start="mnist"),
        "larger": info(100),
        "mnist": info(),
        "translated": info(60),
        "lstm": info(),
    }
    rows = results_table(infos).splitlines()[2:]
    names = [row.split("`")[1] for row in rows]
    assert names == ["lstm", "mnist", "a-successor", "translated", "cluttered", "larger"]


def refuse(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Checks that the command ends with one sentence."""
    assert main(arguments) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == f"ram.evaluate: {message}\n"


def test_model_of_own_symbols_gets_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.safetensors"
    config = dataclasses.replace(CONFIG, num_actions=2)
    save_checkpoint(path, RAM(config).state_dict(), CheckpointInfo(config, 28, {}, {}, classes=("star", "moon")))
    message = "own.safetensors cannot be measured: its classes (star, moon) are not MNIST's digits 0 to 9"
    refuse([str(path)], message, capsys)
    refuse(["--all", str(tmp_path), "--calibrate"], message, capsys)


def test_missing_data_and_checkpoints_get_one_sentence(
    fresh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refuse(["--all", str(tmp_path)], f"there is no checkpoint in {tmp_path}", capsys)
    refuse(["gone.safetensors"], "gone.safetensors cannot be read: No such file or directory", capsys)
    name = tmp_path / "t10k-images-idx3-ubyte.gz"
    missing = (
        f"small.safetensors cannot be measured: {name} is missing: restore it from the project's data/mnist folder"
    )
    refuse([str(fresh), "--data", str(tmp_path)], missing, capsys)
    assert issubclass(DataError, RuntimeError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--seeds", "4"], "--seeds 4 is too few: use at least 5"),
        (["x", "--threads", "0"], "--threads 0 is too few: use at least 1"),
        (["x", "--examples", "99"], "--examples 99 is too few: use at least 100"),
        (["x", "--stored", "--save"], "--stored measures nothing: leave out --save and --calibrate"),
        (["--all", "--stored", "--calibrate"], "--stored measures nothing: leave out --save and --calibrate"),
        ([], "one of the arguments checkpoint --all is required"),
        (["x", "--all"], "argument --all: not allowed with argument checkpoint"),
    ],
)
def test_wrong_use_is_explained(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
