"""Trains the teacher: python -m ram.train_teacher [--minutes 14]

On the changed digits of the preset `mnist`, and never on those that are held back for validation.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Generator
from tqdm import tqdm

from ram.checkpoints import write_tensors
from ram.config import PRESETS
from ram.data import Digits, as_floats, load_mnist, split_training
from ram.machine import keep_freed_memory, native_bfloat16
from ram.mixture import change
from ram.reinforce import cross_entropy
from ram.schedule import learning_rate
from ram.teacher import PATH, Teacher

CONFIG = PRESETS["mnist"].training
LEARNING_RATE, WARM_UP, WEIGHT_DECAY = 4e-3, 0.1, 0.05
AVERAGING = 0.998


def train_teacher(training: Digits, validation: Digits, progress_at: Callable[[int], float]) -> tuple[Teacher, float]:
    """Returns the averaged weights and their error on the validation digits in percent.

    `progress_at` says at each step how much of the training is done, from 0 to 1.
    """
    torch.manual_seed(0)
    generator, low_precision = Generator().manual_seed(0), native_bfloat16(torch.device("cpu"))
    teacher = Teacher()
    averaged = copy.deepcopy(teacher).eval()
    optimizer = torch.optim.AdamW(teacher.parameters(), weight_decay=WEIGHT_DECAY, fused=True)
    step = 0
    with tqdm(total=1.0, bar_format="{percentage:3.0f} %|{bar}| {elapsed} < {remaining}") as bar:
        while (progress := progress_at(step)) < 1:
            bar.update(progress - bar.n)
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * learning_rate(progress, WARM_UP)
            batch = training.take(torch.randint(len(training.labels), (CONFIG.batch_size,), generator=generator))
            images, labels = change(batch, CONFIG, generator)
            with torch.autocast("cpu", torch.bfloat16, enabled=low_precision):
                logits = teacher(images)
            optimizer.zero_grad()
            cross_entropy(logits.float(), labels).mean().backward()
            optimizer.step()
            step += 1
            weight = 1 - min(AVERAGING, (1 + step) / (10 + step))
            with torch.no_grad():
                for name, value in teacher.state_dict().items():
                    if value.is_floating_point():
                        averaged.state_dict()[name].lerp_(value, weight)
    return averaged, _error(averaged, validation)


@torch.inference_mode()
def _error(teacher: Teacher, digits: Digits) -> float:
    answers = torch.cat([teacher(as_floats(images)).argmax(dim=1) for images in digits.images.split(500)])
    return 100 * float((answers != digits.labels).float().mean())


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=14)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--to", type=Path, default=PATH, help="the file to write")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    begun = time.monotonic()
    teacher, error = train_teacher(
        *split_training(load_mnist("train"), CONFIG), lambda _step: (time.monotonic() - begun) / (60 * options.minutes)
    )
    write_tensors(options.to, teacher.state_dict(), {"validation_error": f"{error:.2f}"})
    print(f"validation error {error:.2f} %: {options.to}")


if __name__ == "__main__":
    main()
