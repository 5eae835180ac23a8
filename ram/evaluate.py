"""Command line: python -m ram.evaluate checkpoints/mnist.safetensors

Measures checkpoints: one pass over the 10,000 MNIST test digits, the most probable class after the last
glimpse, the first glimpse drawn uniformly at random. With --all it prints the README's table.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from ram.calibration import apply_temperature, at_temperature, fit_temperature
from ram.checkpoints import (
    SHIPPED,
    CheckpointError,
    CheckpointInfo,
    load_checkpoint,
    load_digit_check,
    parameter_count,
    read_info,
    save_checkpoint,
)
from ram.config import TrainConfig, parse_config
from ram.data.clutter import centred
from ram.data.mnist import MNIST_FOLDER, DataError, Digits, as_floats, load_mnist, split_training
from ram.digit_check import DigitCheck
from ram.digit_check_fit import EXAMPLES, fit_digit_check, unsure_rate
from ram.evaluation import (
    VALIDATION,
    Gaze,
    OverSeeds,
    calibration_rate,
    digits_of,
    error_rate,
    passes,
    pieces,
    plain_digits_of,
    stored,
    stored_number,
)
from ram.machine import choose_device, write_utf8
from ram.model import RAM
from ram.options import ConfigError
from ram.value_fit import (
    FITTED,
    changed_outcomes,
    estimates,
    fit_value,
    outcomes,
    stored_value,
    value_quality,
)

Seeds = Callable[[str], Iterable[int]]  # the seeds of a measurement, whose name labels the progress bar
LEAST_SEEDS = 5  # fewer tell too little about the spread
LEAST_EXAMPLES = 100
PROTOCOL = "10,000 MNIST test digits, one pass, random first glimpse, most probable class after the last glimpse"
GAZES: dict[Gaze, str] = {
    "mean": "(a) mean locations",
    "sampled": "(b) locations sampled at the model's own std",
    "random": "(c) random locations instead of the learned ones",
    "ten": "(d) ten rollouts with mean locations, averaged",
}
COLUMNS = {  # of the table, and whether they hold numbers
    "checkpoint": False,
    "images": False,
    "glimpses": False,
    "parameters": True,
    "validation error": True,
    "test error": True,
    "sampled gaze": True,
    "random gaze": True,
    "ten rollouts": True,
    "calibration error": True,
    "value: error, AUC": True,
    "not sure": True,
}


def build_parser() -> argparse.ArgumentParser:
    """The command line's flags."""
    parser = argparse.ArgumentParser(
        prog="python -m ram.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("checkpoint", type=Path, nargs="?", help="a .safetensors file")
    what.add_argument(
        "--all",
        type=Path,
        nargs="?",
        const=SHIPPED,
        metavar="FOLDER",
        help="every checkpoint in the folder (default: checkpoints/), as a Markdown table",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument(
        "--seeds", type=int, default=LEAST_SEEDS, help=f"passes to average over, at least {LEAST_SEEDS}"
    )
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto); each draws other random numbers"
    )
    parser.add_argument(
        "--threads", type=int, help="CPU threads (default: PyTorch's choice); 1 is fastest on a busy machine"
    )
    parser.add_argument("--data", type=Path, default=MNIST_FOLDER, help="folder of the four MNIST files")
    parser.add_argument("--stored", action="store_true", help="measure nothing: print the results in the metadata")
    parser.add_argument("--save", action="store_true", help="write the results into the checkpoint's metadata")
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="fit a temperature, the value network and the digit check with the validation digits, and save all",
    )
    parser.add_argument(
        "--examples", type=int, default=EXAMPLES, help="drawings that are no digit, to fit the digit check on"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    write_utf8()
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.seeds < LEAST_SEEDS:
        parser.error(f"--seeds {options.seeds} is too few: use at least {LEAST_SEEDS}")
    if options.examples < LEAST_EXAMPLES:
        parser.error(f"--examples {options.examples} is too few: use at least {LEAST_EXAMPLES}")
    if options.stored and (options.save or options.calibrate):
        parser.error("--stored measures nothing: leave out --save and --calibrate")
    if options.threads is not None:
        if options.threads < 1:
            parser.error(f"--threads {options.threads} is too few: use at least 1")
        torch.set_num_threads(options.threads)
    try:
        infos = {path.name: _evaluate(path, options) for path in _paths(options)}
    except (CheckpointError, DataError, ValueError, OSError) as error:
        print(f"ram.evaluate: {error}", file=sys.stderr)
        return 1
    if options.json:
        reports = [_report(name, info) for name, info in infos.items()]
        print(json.dumps(reports if options.all else reports[0], indent=1))
    else:
        print(results_table(infos) if options.all else "\n".join(_as_text(name, info) for name, info in infos.items()))
    return 0


def _paths(options: argparse.Namespace) -> list[Path]:
    if options.checkpoint:
        return [options.checkpoint]
    if not (paths := sorted(options.all.glob("*.safetensors"))):
        is_file = options.all.is_file()
        raise CheckpointError(
            f"{options.all} is a file: leave out --all" if is_file else f"there is no checkpoint in {options.all}"
        )
    return paths


def _evaluate(path: Path, options: argparse.Namespace) -> CheckpointInfo:
    """The checkpoint's description of itself, with new results unless the stored ones are asked for."""
    info = read_info(path)
    if options.stored:
        return info
    model, check = load_checkpoint(path, choose_device(options.device)), load_digit_check(path)

    def seeds(what: str) -> Iterable[int]:
        return tqdm(range(options.seeds), desc=f"{path.stem}, {what}", unit="pass", leave=False)

    try:
        test, validation = (digits_of(info, split, options.data) for split in ("test", "validation"))
        if options.calibrate:
            info = _with(info, _calibrate(model, info, validation, seeds))
            _fit_value(model, info, validation, options.data, seeds)
            info = _with(info, {FITTED: True})
            check = fit_digit_check(model, info, options.data, options.examples)
        info = _with(info, _measure(model, check, info, test, options.data, seeds=seeds))
        held_back = error_rate(passes(model, validation, seeds=seeds("validation")), validation.labels)
        info = _with(info, {VALIDATION: held_back._asdict()})
    except (ConfigError, DataError) as error:
        raise DataError(f"{path.name} cannot be measured: {error}") from error
    if options.save or options.calibrate:
        save_checkpoint(path, model.state_dict(), info, check)
    return info


def _with(info: CheckpointInfo, results: dict[str, Any]) -> CheckpointInfo:
    return dataclasses.replace(info, results={**info.results, **results})


def _calibrate(model: RAM, info: CheckpointInfo, validation: Digits, seeds: Seeds) -> dict[str, Any]:
    """Calibrates the model in place; returns the results to store."""
    log_probs = passes(model, validation, seeds=seeds("calibration"))
    change = fit_temperature(log_probs.flatten(end_dim=1), validation.labels.repeat(len(log_probs)))
    apply_temperature(model, change)
    # The product of all temperatures so far: a model that was calibrated before stays comparable with its first state.
    temperature = change * (stored_number(info, "temperature") or 1)
    errors = _calibration_errors(at_temperature(log_probs, change), validation, temperature)
    return {"temperature": temperature, **{f"validation_{name}": error for name, error in errors.items()}}


def _fit_value(model: RAM, info: CheckpointInfo, validation: Digits, folder: Path, seeds: Seeds) -> None:
    """Makes the model's value the probability of a right answer, in place."""
    recipe = {name: value for name, value in info.recipe.items() if name not in ("preset", "start")}
    config = parse_config(TrainConfig, recipe)
    training, held_back = split_training(load_mnist("train", folder), config.data)
    changed = changed_outcomes(model, training, held_back, config)
    fit_value(model, changed, outcomes(model, validation, seeds=seeds("value")))


def _measure(
    model: RAM, check: DigitCheck | None, info: CheckpointInfo, test: Digits, folder: Path, *, seeds: Seeds
) -> dict[str, Any]:
    looks = outcomes(model, test, seeds=seeds("value"))
    results: dict[str, Any] = {"value": value_quality(estimates(model, looks), looks.right)._asdict()}
    for gaze in GAZES:
        log_probs = passes(model, test, seeds=seeds(gaze), gaze=gaze)
        results[f"test_error_{gaze}"] = error_rate(log_probs, test.labels)._asdict()
        if gaze == "mean":
            results |= _calibration_errors(log_probs, test, stored_number(info, "temperature"))
            alone = centred(as_floats(plain_digits_of(info, "test", folder).images), info.image_size)
            results["not_sure"] = unsure_rate(model, check, alone, log_probs)._asdict()
    return results


def _calibration_errors(log_probs: Tensor, digits: Digits, temperature: float | None) -> dict[str, Any]:
    """The errors before and after calibration; the log-probabilities are those after it, if there was one."""
    if not temperature:
        return {"calibration_error_before": calibration_rate(log_probs, digits.labels)._asdict()}
    return {
        "calibration_error_before": calibration_rate(log_probs, digits.labels, 1 / temperature)._asdict(),
        "calibration_error_after": calibration_rate(log_probs, digits.labels)._asdict(),
    }


def results_table(infos: dict[str, CheckpointInfo]) -> str:
    """The results of checkpoints, by their files' names, as a Markdown table; all errors in percent."""
    head = [f"| {' | '.join(COLUMNS)} |", f"|{'|'.join('--:' if number else '---' for number in COLUMNS.values())}|"]
    rows = [f"| {' | '.join(_row(name, info))} |" for name, info in sorted(infos.items(), key=_rank)]
    return "\n".join([*head, *rows])


def _rank(item: tuple[str, CheckpointInfo]) -> tuple[int, int, bool, str]:
    """Puts easier images first, and a model trained from scratch before models that began with another's weights."""
    name, info = item
    return info.image_size, pieces(info), "start" in info.recipe, name.removesuffix(".safetensors")


def _row(name: str, info: CheckpointInfo) -> list[str]:
    config = info.config
    scales = f" at {config.num_scales} scales" if config.num_scales > 1 else ""
    before, after = stored(info, "calibration_error_before"), stored(info, "calibration_error_after")
    value = stored_value(info)
    return [
        f"`{name.removesuffix('.safetensors')}`",
        f"{info.image_size}×{info.image_size}" + (f", {pieces(info)} pieces" if pieces(info) else ""),
        f"{config.num_glimpses} of {config.glimpse_size}×{config.glimpse_size}{scales}",
        f"{parameter_count(config):,}",
        _validation(info),
        *(_figure(stored(info, f"test_error_{gaze}")) for gaze in GAZES),
        "–" if before is None else f"{before.mean:.2f}" + (f" → {after.mean:.2f}" if after else ""),
        "–" if value is None else f"{max(value.share):.3f}, {value.auc[-1]:.2f}",
        _figure(stored(info, "not_sure")),
    ]


def _validation(info: CheckpointInfo) -> str:
    """The error in the passes of the test error, or else the one that the run measured."""
    if measured := stored(info, VALIDATION):
        return _figure(measured)
    own = stored_number(info, "validation_error")
    return "–" if own is None else f"{own:.2f}"


def _figure(measured: OverSeeds | None) -> str:
    return f"{measured.mean:.2f} ± {measured.spread:.2f}" if measured else "–"


def _report(name: str, info: CheckpointInfo) -> dict[str, Any]:
    """Everything as plain values, for --json; null where nothing was measured."""
    return {
        "checkpoint": name,
        "parameters": parameter_count(info.config),
        "image_size": info.image_size,
        "clutter": pieces(info),
        "protocol": _protocol(info),
        "seeds": _seed_count(info),
        "location_std": info.config.location_std,
        "test_error_percent": {gaze: info.results.get(f"test_error_{gaze}") for gaze in GAZES},
        "validation_error_percent": info.results.get(VALIDATION),
        "temperature": info.results.get("temperature"),
        "calibration_error_percent": {
            when: info.results.get(f"calibration_error_{when}") for when in ("before", "after")
        },
        "value": info.results.get("value"),
        "not_sure_percent": info.results.get("not_sure"),
    }


def _as_text(name: str, info: CheckpointInfo) -> str:
    lines = [
        f"{name}: {parameter_count(info.config):,} parameters",
        _protocol(info),
        f"test error in percent, mean and standard deviation over {_seed_count(info)} seeds",
    ]
    for gaze, label in GAZES.items():
        std = f" of {info.config.location_std:g}" if gaze == "sampled" else ""
        lines.append(f"  {label + std:52} {_figure(stored(info, f'test_error_{gaze}'))}")
    lines.append(f"  {'(a) on the validation digits':52} {_figure(stored(info, VALIDATION))}")
    lines.append("calibration error in percent: 15 bins of the highest probability, mean locations")
    lines.append(f"  {'of the model as it was trained':52} {_figure(stored(info, 'calibration_error_before'))}")
    if temperature := stored_number(info, "temperature"):
        label = f"with logits divided by {temperature:.3f}, as they are now"
        lines.append(f"  {label:52} {_figure(stored(info, 'calibration_error_after'))}")
    if value := stored_value(info):
        lines.append("value after each glimpse, as a prediction of the answer being right")
        for label, row, digits in (
            ("squared error, as a share of that of the best constant", value.share, 3),
            ("mean, less the share of right answers, in points", [100 * one for one in value.excess], 2),
            ("pairs of a right and a wrong answer told apart (AUC)", value.auc, 2),
        ):
            lines.append(f"  {label:52} {' '.join(f'{one:.{digits}f}' for one in row)}")
        lines.append(f"  {'lowest and highest':52} {value.lowest:.3f} {value.highest:.3f}")
    lines.append(f"{'digits that it is not sure of, in percent':54} {_figure(stored(info, 'not_sure'))}")
    return "\n".join(lines)


def _protocol(info: CheckpointInfo) -> str:
    if info.image_size == 28 and not pieces(info):
        return PROTOCOL
    clutter = f" among {pieces(info)} pieces of others" if pieces(info) else ""
    return f"{PROTOCOL}; each digit anywhere in {info.image_size}×{info.image_size} pixels{clutter}"


def _seed_count(info: CheckpointInfo) -> int:
    measured = stored(info, "test_error_mean")
    return len(measured.per_seed) if measured else 0


if __name__ == "__main__":
    sys.exit(main())
