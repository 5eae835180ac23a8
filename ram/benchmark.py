"""Command line: python -m ram.benchmark

Measures how fast this machine trains, answers and evaluates, and the share of the training's time that its matrix
products take.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ram.config import Precision, RAMConfig, TrainConfig
from ram.data.mnist import MNIST_FOLDER, DataError, Digits, as_floats, load_mnist, split_training
from ram.evaluation import count_errors
from ram.machine import choose_device, keep_freed_memory, native_bfloat16, write_utf8
from ram.model import RAM
from ram.training.learner import Learner

if sys.platform != "win32":
    import resource

BATCH = 128
DEFAULT = RAMConfig()
COSTS: dict[str, tuple[RAMConfig, TrainConfig]] = {
    "the specification's defaults": (DEFAULT, TrainConfig()),
    "3 glimpses": (RAMConfig(num_glimpses=3), TrainConfig()),
    "12 glimpses": (RAMConfig(num_glimpses=12), TrainConfig()),
    "2 scales": (RAMConfig(num_scales=2), TrainConfig()),
    "12x12 patches": (RAMConfig(glimpse_size=12), TrainConfig()),
    "LSTM core": (RAMConfig(use_lstm=True), TrainConfig()),
    "batches of 32": (DEFAULT, TrainConfig.of(batch_size=32)),
    "batches of 512": (DEFAULT, TrainConfig.of(batch_size=512)),
    "60x60, 12x12, 3 scales, 8 glimpses": (
        RAMConfig(glimpse_size=12, num_scales=3, num_glimpses=8),
        TrainConfig.of(image_size=60, clutter=4),
    ),
    "100x100, 12x12, 4 scales, 8 glimpses": (
        RAMConfig(glimpse_size=12, num_scales=4, num_glimpses=8),
        TrainConfig.of(image_size=100, clutter=8),
    ),
}


@dataclasses.dataclass(frozen=True)
class Effort:
    """How thoroughly to measure."""

    rounds: int = 7
    """Measurements that compare something take turns, so that a busy moment of the machine affects all of them."""
    round_seconds: float = 0.4
    costs: int = len(COSTS)
    """Number of changes to the defaults whose costs are measured."""
    compiled: bool = True
    """Whether to compile the step loop, which takes half a minute."""
    threads: int = 2
    """Training is measured with one thread, and with this many if there are as many cores."""


QUICK = Effort(rounds=2, round_seconds=0.01, costs=1, compiled=False, threads=1)


def build_parser() -> argparse.ArgumentParser:
    """The command line's flags."""
    parser = argparse.ArgumentParser(prog="python -m ram.benchmark", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--quick", action="store_true", help="measure each thing briefly, for a first impression")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--data", type=Path, default=MNIST_FOLDER, help="folder of the four MNIST files")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    write_utf8()
    options = build_parser().parse_args(arguments)
    keep_freed_memory()
    try:
        device, digits = choose_device(options.device), load_mnist("train", options.data)
    except (DataError, ValueError) as error:
        print(f"ram.benchmark: {error}", file=sys.stderr)
        return 1
    effort = QUICK if options.quick else Effort()
    report: dict[str, Any] = {}
    for name, measure in (
        ("machine", machine),
        ("training", training),
        ("answering", answering),
        ("costs", costs),
        ("memory", memory),
    ):
        report[name] = measure(device, digits, effort)
        if not options.json:
            print(_as_text(name, report[name]), flush=True)
    if options.json:
        print(json.dumps(report, indent=1))
    return 0


def machine(device: torch.device, _digits: Digits, _effort: Effort) -> dict[str, Any]:
    """The machine on which the figures were measured."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else torch.cpu.get_capabilities()["cpu_name"]
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "native_bfloat16": native_bfloat16(device),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def training(device: torch.device, digits: Digits, effort: Effort) -> list[dict[str, Any]]:
    """Images per second in training, and the share of its time that the matrix products alone take."""
    formats: list[Precision] = ["float32", "bfloat16"] if native_bfloat16(device) else ["float32"]
    rows = []
    for threads in _thread_counts(device, effort):
        torch.set_num_threads(threads)
        for precision in formats:
            for rollouts in (1, 8):
                recipe = TrainConfig.of(batch_size=BATCH, rollouts=rollouts, precision=precision)
                learner = _learner(DEFAULT, recipe, digits, device)
                products = matrix_products(DEFAULT, BATCH * rollouts, precision, device)
                step, bare = _in_turns(learner.train_step, products, device=device, effort=effort)
                rows.append(
                    {
                        "threads": threads,
                        "precision": precision,
                        "rollouts": rollouts,
                        "images_per_s": round(BATCH / step),
                        "matrix_products_images_per_s": round(BATCH / bare),
                        "share": round(bare / step, 3),
                    }
                )
    return rows


def matrix_products(
    config: RAMConfig, episodes: int, precision: Precision, device: torch.device
) -> Callable[[], object]:
    """The matrix products of one training step, and nothing else.

    Each linear map at each glimpse has one product forward, and two backward: one for the weights, and one for the
    input unless this is the image or a location, which need no gradient. The location, value and action networks and
    the location encoder are left out: they are a hundredth of the work.
    """
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    hidden, encoded = config.hidden_size, 2 * config.glimpse_hidden_size
    maps = [(config.patch_features, config.glimpse_hidden_size, False), (encoded, hidden, True)]
    maps += [(hidden, hidden, True)] * 2
    work: list[tuple[Tensor, Tensor]] = []
    for inputs, outputs, needs_gradient in maps:
        x, w, g = (
            torch.randn(shape, device=device, dtype=kind)
            for shape in ((episodes, inputs), (outputs, inputs), (episodes, outputs))
        )
        work += [(x, w.t()), (g.t(), x)] + ([(g, w)] if needs_gradient else [])

    def run() -> None:
        for _ in range(config.num_glimpses):
            for left, right in work:
                torch.mm(left, right)

    return run


def answering(device: torch.device, digits: Digits, effort: Effort) -> dict[str, Any]:
    """The time of one look at one image, and the images that are evaluated per second."""
    torch.set_num_threads(1)
    model = RAM(DEFAULT).to(device).eval()
    image = as_floats(digits.images[0].to(device))
    some = digits.take(torch.arange(2000))

    def look() -> object:
        return model.rollout(image, sample_locations=False)

    report: dict[str, float] = {}
    with torch.inference_mode():
        (seconds,) = _in_turns(lambda: count_errors(model, some, seed=0), device=device, effort=effort)
        report["evaluated_images_per_s"] = round(len(some.labels) / seconds)
        for name in ("one_image_ms", "one_image_compiled_ms"):
            if name == "one_image_ms" or (effort.compiled and model.compile_walk()):
                (seconds,) = _in_turns(look, device=device, effort=effort)
                report[name] = round(1000 * seconds, 3)
    return report


def costs(device: torch.device, digits: Digits, effort: Effort) -> list[dict[str, Any]]:
    """The time of a training step with one change to the defaults, with as many threads as there are cores."""
    torch.set_num_threads(_thread_counts(device, effort)[-1])
    rows = []
    for name, (model, recipe) in list(COSTS.items())[: effort.costs]:
        (step,) = _in_turns(_learner(model, recipe, digits, device).train_step, device=device, effort=effort)
        images = round(recipe.schedule.batch_size / step)
        rows.append({"what": name, "ms_per_step": round(1000 * step, 2), "images_per_s": images})
    return rows


def memory(device: torch.device, _digits: Digits, _effort: Effort) -> dict[str, Any]:
    """The largest memory use of the whole benchmark, in megabytes; the digits take 47 of them."""
    taken = {}
    if sys.platform != "win32":  # where a process is not told
        unit = 1024**2 if sys.platform == "darwin" else 1024
        taken["process_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
    if device.type == "cuda":
        taken["device_mb"] = round(torch.cuda.max_memory_allocated(device) / 1024**2)
    return taken


def _learner(model: RAMConfig, recipe: TrainConfig, digits: Digits, device: torch.device) -> Learner:
    training, _ = split_training(digits, recipe.data)
    on_device = Digits(*(tensor.to(device) for tensor in training))
    return Learner(RAM(model).to(device), recipe, on_device, torch.arange(len(training.labels)))


def _in_turns(*work: Callable[[], object], device: torch.device, effort: Effort) -> list[float]:
    """The median seconds of each piece of work, measured in turns."""
    repeats = [max(1, round(effort.round_seconds / _seconds(one, 3, device))) for one in work]
    times = [
        [_seconds(one, count, device) for one, count in zip(work, repeats, strict=True)] for _ in range(effort.rounds)
    ]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def _seconds(work: Callable[[], object], repeats: int, device: torch.device) -> float:
    """The mean seconds of one repetition."""
    _wait_for(device)
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    _wait_for(device)
    return (time.perf_counter() - start) / repeats


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _thread_counts(device: torch.device, effort: Effort) -> list[int]:
    return [1] if device.type == "cuda" else sorted({1, min(effort.threads, os.cpu_count() or 1)})


def _as_text(name: str, measured: Any) -> str:
    rows = measured if isinstance(measured, list) else [measured]
    columns = [[key, *(_shown(row[key]) for row in rows)] for key in rows[0]]
    widths = [max(map(len, column)) for column in columns]
    padded = [[cell.ljust(width) for cell in column] for column, width in zip(columns, widths, strict=True)]
    return "\n".join([f"{name}:", *("  " + "  ".join(line).rstrip() for line in zip(*padded, strict=True)), ""])


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(main())
