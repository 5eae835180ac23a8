"""Command line: python -m ram.evaluate checkpoints/mnist.safetensors

Measures the test error of a checkpoint: one pass over the 10,000 MNIST test digits, the most probable
class after the last glimpse, the first glimpse drawn uniformly at random.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ram.checkpoints import (
    CheckpointError,
    CheckpointInfo,
    choose_device,
    load_checkpoint,
    parameter_count,
    read_info,
    save_checkpoint,
)
from ram.data import MNIST_FOLDER, DataError, load_mnist
from ram.evaluation import ErrorRate, error_rate

LEAST_SEEDS = 5  # fewer say too little about the spread
PROTOCOL = "10,000 MNIST test digits, one pass, random first glimpse, most probable class after the last glimpse"
GAZES = {"mean": "(a) mean locations", "sampled": "(b) locations sampled at the model's own std"}


def build_parser() -> argparse.ArgumentParser:
    """The command line's flags."""
    parser = argparse.ArgumentParser(
        prog="python -m ram.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path, help="a .safetensors file")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument(
        "--seeds", type=int, default=LEAST_SEEDS, help=f"passes to average over, at least {LEAST_SEEDS}"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--data", type=Path, default=MNIST_FOLDER, help="folder of the four MNIST files")
    parser.add_argument("--save", action="store_true", help="write the results into the checkpoint's metadata")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.seeds < LEAST_SEEDS:
        parser.error(f"--seeds {options.seeds} is too few: use at least {LEAST_SEEDS}")
    try:
        report = _measure(options)
    except (CheckpointError, DataError, ValueError, OSError) as error:
        print(f"ram.evaluate: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report, indent=1) if options.json else _as_text(report))
    return 0


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    info = read_info(options.checkpoint)
    model = load_checkpoint(options.checkpoint, choose_device(options.device))
    digits = load_mnist("test", options.data)
    rates = {gaze: error_rate(model, digits, seeds=options.seeds, sample_locations=gaze == "sampled") for gaze in GAZES}
    if options.save:
        results = {**info.results, **{f"test_error_{gaze}": rate._asdict() for gaze, rate in rates.items()}}
        saved = CheckpointInfo(info.config, info.image_size, info.recipe, results)
        save_checkpoint(options.checkpoint, model.state_dict(), saved)
    return {
        "checkpoint": options.checkpoint.name,
        "parameters": parameter_count(info.config),
        "protocol": PROTOCOL,
        "seeds": options.seeds,
        "location_std": info.config.location_std,
        "test_error_percent": {gaze: rate._asdict() for gaze, rate in rates.items()},
    }


def _as_text(report: dict[str, Any]) -> str:
    lines = [
        f"{report['checkpoint']}: {report['parameters']:,} parameters",
        report["protocol"],
        f"test error in percent, mean and standard deviation over {report['seeds']} seeds",
    ]
    for gaze, label in GAZES.items():
        rate = ErrorRate(**report["test_error_percent"][gaze])
        std = f" of {report['location_std']:g}" if gaze == "sampled" else ""
        lines.append(f"  {label + std:52} {rate.mean:.2f} ± {rate.spread:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
