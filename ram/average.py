"""Command line: python -m ram.average one.safetensors another.safetensors --to checkpoints/mnist.safetensors

Averages the weights of models that went on from one start, each in its own way. The mean is better than each of
them: it lies where the loss is flat (model soups, Wortsman et al. 2022). Of models with different starts it would be
worth nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ram.checkpoints import CheckpointError, CheckpointInfo, load_checkpoint, read_info, save_checkpoint


def average(paths: Sequence[Path]) -> tuple[dict[str, Tensor], CheckpointInfo]:
    """The mean of the weights, and what the first checkpoint says about itself, with the recipes of the others.

    Raises:
        CheckpointError: a file is not usable, or its architecture, images or classes are not those of the first.
    """
    infos = [read_info(path) for path in paths]
    for path, info in zip(paths, infos, strict=True):
        for part in ("config", "image_size", "classes"):
            if getattr(info, part) != getattr(infos[0], part):
                raise CheckpointError(f"{path.name} cannot be averaged with {paths[0].name}: its {part} differs")
    weights = [load_checkpoint(path, "cpu").state_dict() for path in paths]
    mean = {name: torch.stack([one[name] for one in weights]).mean(dim=0) for name in weights[0]}
    recipe = {**infos[0].recipe, "averaged_with": [info.recipe for info in infos[1:]]}
    return mean, dataclasses.replace(infos[0], recipe=recipe, results={})


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ram.average", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoints", type=Path, nargs="+", help=".safetensors files")
    parser.add_argument("--to", type=Path, required=True, help="the file to write")
    options = parser.parse_args(arguments)
    try:
        save_checkpoint(options.to, *average(options.checkpoints))
    except (CheckpointError, OSError) as error:
        print(f"ram.average: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
