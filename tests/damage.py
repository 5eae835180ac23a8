"""Damaged checkpoints and run folders: made at random from good ones, and then used as a visitor would.

Whatever is read may be refused in the words of its own error. Whatever is accepted must also be usable.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import shutil
import struct
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from app.components.viewer import scene_data
from app.figures.animation import animated_gif
from app.figures.film_strip import film_strip
from app.figures.numbers import rollout_json, scene_rows
from app.look.field import Arrangement, field_of
from app.look.layout import lay_out
from app.look.looking import LookRequest, look
from app.look.picture import DRAWING, Picture
from app.look.rewards import WORDS
from app.runs.jobs import JobError, Jobs
from app.runs.run_list import Job
from app.views import checkpoint_view, run_view
from ram.checkpoints import CheckpointError, CheckpointInfo, load_checkpoint, read_info, save_checkpoint
from ram.config import RAMConfig
from ram.data.mnist import DataError, Digits
from ram.evaluate import main as evaluate
from ram.files import is_there
from ram.model import RAM
from ram.train import main as train
from ram.training.learner import TrainingError
from ram.training.run_folder import RunError, RunFolder
from ram.training.trainer import Trainer
from ram.value_fit import expected_by_value

SMALL = RAMConfig(glimpse_size=4, num_glimpses=3, hidden_size=8, glimpse_hidden_size=4)
FILES = ("config.json", "state.json", "metrics.jsonl", "traces.jsonl", "name.txt", "log.txt", "lock", "process")
TENSORS = ("latest.safetensors", "best.safetensors", "start.safetensors", "drawings.safetensors")

LARGEST = 10**7  # bytes of a file that is damaged once more

Parts = tuple[dict[str, Any], dict[str, str], bytes]  # a safetensors file: its tensors, its metadata, its numbers

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 7, 28, 64, 1024, 2**31, 2**53, 2**63, 10**400, -(10**30)),
    *(0.0, -0.0, 1e-320, 0.5, 1e9, 3e38, 1e308, float("inf"), float("-inf"), float("nan")),
    *("", " ", "x", "1", "mnist", "running", "waiting", "\0", "a\nb", "\ud800", "ÄÖ→", "𝔸", "\u202eabc", "<b>x</b>"),
    *("**x**", "x" * 1000, "=1+1", "{}", "../../etc/passwd", "--help", "%s%n", "$x$"),
    *([], {}, [1], [[1]], [None], ["a", "a"], {"a": 1}, {"": {}}, [0.5, "x"], [[[[]]]], [float("nan")] * 3),
)
ODD_WEIGHTS = (0.0, 1e-45, 1e10, 1e20, -1e20, 3e38, -3e38, float("nan"), float("inf"))
ODD_NAMES = (b"\xff\xfe", b"a\nb", b"**x**", b"<i>x", "größe".encode(), b"x" * 200, b"\xc3", b" ", b"-x", b"$x$")


# ---- making ----


def odd(random: Random) -> Any:
    """A value that is seldom right."""
    value = random.choice(ODD_VALUES)
    return [odd(random) for _ in range(random.randrange(4))] if random.random() < 0.1 else value


def mutated(value: Any, random: Random, rate: float = 0.1) -> Any:
    """A JSON value with something replaced, left out or added, here and there."""
    if random.random() < rate:
        return odd(random)
    if isinstance(value, dict):
        kept = {key: mutated(entry, random, rate) for key, entry in value.items() if random.random() > rate / 2}
        return kept | (
            {random.choice(["x", "", "step", "preset", "ÄÖ"]): odd(random)} if random.random() < rate else {}
        )
    if isinstance(value, list):
        return [mutated(entry, random, rate) for entry in value[:60] if random.random() > rate / 8]
    return value


def bent(content: bytes, random: Random) -> bytes:
    """The bytes with a few of them changed, cut off, doubled or replaced."""
    kind, place = random.randrange(6), random.randrange(len(content) + 1)
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content + content[place : place + 100]
    if kind == 2:
        return random.randbytes(random.randrange(200))
    if kind == 3:
        return (
            content[:place] + random.choice([b"[" * 20_000, b"9" * 5000, b"\xff", b"\0" * 50, b"NaN"]) + content[place:]
        )
    changed = bytearray(content)
    for _ in range(random.randrange(1, 6)):
        if changed:
            changed[random.randrange(min(len(changed), 10 ** random.randrange(1, 7)))] = random.randrange(256)
    return bytes(changed)


def split(content: bytes) -> Parts:
    """A safetensors file in parts."""
    size = struct.unpack("<Q", content[:8])[0]
    tensors = json.loads(content[8 : 8 + size])
    return tensors, tensors.pop("__metadata__", {}), content[8 + size :]


def joined(tensors: dict[str, Any], metadata: dict[str, str], numbers: bytes) -> bytes:
    """The safetensors file of these parts."""
    header = json.dumps({"__metadata__": metadata, **tensors}).encode()
    return struct.pack("<Q", len(header)) + header + numbers


def bent_tensors(content: bytes, random: Random) -> bytes:
    """A safetensors file whose description or whose numbers are odd."""
    try:
        tensors, metadata, numbers = split(content)
    except (ValueError, RecursionError, struct.error):  # it was damaged before
        return bent(content, random)
    kind = random.randrange(4)
    if kind == 0 and metadata:
        key = random.choice(sorted(metadata))
        if key != "format":
            rate = random.choice([0.02, 0.1, 0.4])
            metadata[key] = json.dumps(mutated(json.loads(metadata[key]), random, rate))
        else:
            metadata[key] = str(odd(random)).encode(errors="replace").decode()
    elif kind == 1:
        tensors = mutated(tensors, random, 0.03)
        if not isinstance(tensors, dict):
            tensors = {}
    elif kind == 2:
        values = np.frombuffer(numbers[: len(numbers) // 4 * 4], dtype=np.float32).copy()
        start = random.randrange(len(values) + 1)
        values[start : start + random.choice([1, 10, 1000, 10**9])] = random.choice(ODD_WEIGHTS)
        numbers = values.tobytes()
    else:
        return bent(content, random)
    try:
        return joined(tensors, metadata, numbers)
    except (TypeError, ValueError):
        return content[: len(content) // 2]


def good_checkpoint(path: Path, random: Random) -> bytes:
    """A small checkpoint of some architecture."""
    config = dataclasses.replace(
        SMALL,
        glimpse_size=random.choice([1, 3, 4]),
        num_scales=random.choice([1, 2, 3]),
        num_glimpses=random.choice([1, 2, 3, 6]),
        use_lstm=random.random() < 0.3,
    )
    torch.manual_seed(random.randrange(10**6))
    figure = {"mean": 1.5, "spread": 0.1, "per_seed": [1.4, 1.6]}
    value = dict.fromkeys(("share", "excess", "auc"), [0.5] * config.num_glimpses) | {"lowest": 0.0, "highest": 1.0}
    results = {f"test_error_{gaze}": figure for gaze in checkpoint_view.GAZES} | {
        **{"validation_error": 1.0, "temperature": 1.1, "value": value},
        **{f"calibration_error_{when}": figure for when in ("before", "after")},
    }
    recipe = {"preset": "mnist", "epochs": 3, "clutter": random.choice([0, 4]), "learning_rate": 1e-3}
    classes = random.choice([(), tuple("abcdefghij")])
    info = CheckpointInfo(config, random.choice([28, 28, 40]), recipe, results, classes)
    save_checkpoint(path, RAM(config).state_dict(), info)
    return path.read_bytes()


def damage_folder(folder: Path, random: Random) -> Path:
    """Damages a few things in a run's folder; returns where it is then."""
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        _damage_file(folder / random.choice(FILES + TENSORS), random)
    if random.random() < 0.1:
        other = folder.parent / os.fsdecode(random.choice(ODD_NAMES))
        return folder.rename(other)
    return folder


def _damage_file(path: Path, random: Random) -> None:
    content = path.read_bytes() if path.is_file() and path.stat().st_size < LARGEST else b""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    kind = random.randrange(12)
    if kind == 0:
        path.mkdir()
    elif kind == 1:
        path.symlink_to(path.name)  # a loop
    elif kind == 2:
        path.symlink_to(random.choice(["/dev/zero", "/dev/null", "/nowhere", "/", ".."]))
    elif kind == 3:
        os.mkfifo(path)
    elif kind == 4:
        with path.open("wb") as file:
            file.truncate(random.choice([0, 10**6, 10**8, 10**10]))  # sparse
    elif kind == 5:
        pass  # it is gone
    elif path.suffix == ".safetensors" and content:
        path.write_bytes(bent_tensors(content, random))
    elif path.suffix in (".json", ".jsonl") and kind < 11:
        rate = random.choice([0.02, 0.1, 0.4])
        with contextlib.suppress(ValueError, RecursionError):
            if path.suffix == ".json":
                changed = [json.dumps(mutated(json.loads(content or b"{}"), random, rate))]
            else:
                changed = [json.dumps(mutated(json.loads(line), random, rate)) for line in content.splitlines()]
            path.write_text("\n".join(changed) + "\n", encoding="utf-8")
    else:
        path.write_bytes(bent(content, random))


# ---- using ----


def use_checkpoint(path: Path, digits: Digits, random: Random) -> bool:
    """Does with a file what the app and the command line do with a checkpoint; returns whether it was accepted."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        evaluate([str(path), "--stored", *random.choice([[], ["--json"]])])
        evaluate(["--all", str(path.parent), "--stored"])
    try:
        info, model = read_info(path), load_checkpoint(path, "cpu")
    except CheckpointError:
        return False
    checkpoint_view._figures(info, model)
    checkpoint_view._results(info)
    checkpoint_view._architecture(model, WORDS[expected_by_value(info)].expected)
    checkpoint_view._recipe(info)
    try:
        field = field_of(info, "it")
    except ValueError:
        return False
    ink = np.zeros((28, 28), np.float32)
    ink[6:22, 12:16] = 1
    image = lay_out(Picture(ink, DRAWING, (0.5, 0.5)), field, Arrangement(), digits)
    request = LookRequest("it", "random", gaze=random.choice(["mean", "sampled"]), seed=random.randrange(100))
    try:
        scene = look(model, image, request, "drawn", info.class_names(), arranged=Arrangement().decisions(field))
    except ValueError:
        return False
    for shown in (scene_data(scene), scene_rows(scene)):
        json.dumps(shown, allow_nan=False, ensure_ascii=False).encode()
    for export in (rollout_json, film_strip) + ((animated_gif,) if random.random() < 0.2 else ()):
        export(scene)
    return True


def use_run(jobs: Jobs, path: Path, digits: Digits, random: Random) -> bool:
    """Does with a folder what the page and the command line do with a run; returns whether it can be resumed."""
    others = len(jobs.all())
    job = jobs.get(path.name)
    jobs.queue()
    if job is None:
        return False
    assert others == 2, "the other run is gone"
    _show(jobs, job)
    action = random.choice(["stop", "resume", "rename", "delete", "resume", "none"])
    with contextlib.suppress(JobError):
        if action == "rename":
            jobs.rename(job.id, str(random.choice(ODD_NAMES)))
        elif action != "none":
            getattr(jobs, action)(job.id)
    if action == "delete":
        assert not path.exists(), "it cannot be deleted"
    if path.exists():
        _resume(path, digits, random)
    return job.can_resume


def _show(jobs: Jobs, job: Job) -> None:
    folder = jobs.run_folder(job.id)
    run_view._state(jobs, job, named=True)
    run_view._configuration([job])
    version = run_view._version(folder, "metrics.jsonl")
    json.dumps(
        run_view._charts(((run_view._curves(job, [job]), *version),)), allow_nan=False, ensure_ascii=False
    ).encode()
    run_view._drawings(*version)
    if replay := run_view._replay_of(jobs, job):
        json.dumps(json.loads(replay, parse_constant=_refuse), ensure_ascii=False).encode()


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} in JSON for the browser")


def _resume(path: Path, digits: Digits, random: Random) -> None:
    if random.random() < 0.1:  # with all of the command line, which takes half a second to read MNIST
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
            code = train(["--resume", str(path), "--threads", "1", "--device", "cpu"])
        words = said.getvalue().strip().splitlines()
        assert code == 0 or words[-1].startswith("ram.train: "), words
        return
    folder = RunFolder(path)
    with contextlib.suppress(RunError, DataError, TrainingError, OSError), folder.hold():
        trainer = Trainer(folder, digits, torch.device("cpu"))
        if is_there(folder.latest):
            trainer.restore()
        steps = trainer.progress.step + 3
        trainer.run(lambda: trainer.progress.step >= steps, lambda _row: None)
