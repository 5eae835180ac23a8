"""How far a short training gets: python -m tests.measure.learning_speed

Trains the one-minute preset from scratch with each time budget and seed, one after the other, through the
command line, and prints the validation accuracy (5,000 held-back training digits, mean locations, random first
glimpse) as a Markdown table. The time is the training's own clock, which includes its measurements.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from ram.training.run_folder import RunFolder


def accuracy(preset: str, *, seconds: float, seed: int, threads: int) -> float:
    """Validation accuracy in percent that one run reaches."""
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place) / "run")
        command = [sys.executable, "-m", "ram.train", "--preset", preset, "--minutes", str(seconds / 60)]
        flags = ["--seed", str(seed), "--threads", str(threads), "--device", "cpu", "--run", str(folder.path)]
        subprocess.run([*command, *flags], check=True, capture_output=True)
        state = folder.read_state()
        if state is None or state.best_error is None:
            raise RuntimeError(f"{command} left no result")
        return 100 - state.best_error


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="one-minute")
    parser.add_argument("--seconds", type=float, nargs="+", default=[30, 60, 120])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    print(f"`{options.preset}`, {options.threads} threads, validation accuracy in percent\n")
    print("| seconds | median | each seed |")
    print("|---|---|---|")
    for seconds in options.seconds:
        reached = [
            accuracy(options.preset, seconds=seconds, seed=seed, threads=options.threads)
            for seed in range(options.seeds)
        ]
        each = ", ".join(f"{value:.2f}" for value in reached)
        print(f"| {seconds:g} | **{statistics.median(reached):.2f}** | {each} |", flush=True)


if __name__ == "__main__":
    main()
