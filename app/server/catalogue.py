"""The names of all models and training runs of a server, read from their folders.

Nothing here needs PyTorch: a cold server can show the names before it has been imported.
"""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

from app.server.limits import read_limits

DEFAULT_MODEL = "mnist"
MADE_FOR = {  # what a shipped model was trained for, after "made for"
    "mnist": "drawn digits",
    "mnist-lstm": "drawn digits",
    "translated-60": "a digit anywhere",
    "cluttered-60": "a digit among clutter",
    "cluttered-100": "a digit among clutter",
}
LONGEST_NAME = 40  # characters of a run's name
RECORDED = "recorded"  # the folder, among the checkpoints, of the runs that ship with the project
RECORDED_NAME = " (recorded)"  # what their names end with


def model_names() -> list[str]:
    """Names of all models: the shipped checkpoints, the default first, recorded runs, then the runs, the newest first.

    Only recorded runs have a slash in their names, so that they cannot be mistaken for a run of this server.
    """
    shipped = sorted(path.stem for path in read_limits().checkpoints.glob("*.safetensors"))
    recorded = [run for run in recorded_names() if is_file(run_path(run) / "best.safetensors")]
    runs = [path.name for path in _newest_first(_runs()) if is_file(path / "best.safetensors")]
    others = (run for run in (*recorded, *runs) if run not in shipped)
    return [*sorted(shipped, key=lambda name: name != DEFAULT_MODEL), *others]


def model_labels() -> dict[str, str]:
    """What the page calls each of the `model_names`."""
    given = recorded_names() | run_names(_runs())
    return {name: name if _is_shipped(name) else given.get(name, name) for name in model_names()}


def model_label(name: str) -> str:
    """What the page calls one of the `model_names`; the list of runs is read only if it is not shipped."""
    return name if _is_shipped(name) else (recorded_names() | run_names(_runs())).get(name, name)


def checkpoint_path(name: str) -> Path:
    """The file of one of the `model_names`."""
    shipped = _shipped(name)
    if shipped.exists():
        return shipped
    run = run_path(name) / "best.safetensors"
    return run if run.exists() else shipped


def is_recorded(run: str) -> bool:
    """Whether a run of that id, or a model of that name, is a recorded one."""
    return run.startswith(f"{RECORDED}/")


def run_path(run: str) -> Path:
    """The folder of a run, recorded or this server's."""
    return (read_limits().checkpoints if is_recorded(run) else _runs()) / run


def recorded_names() -> dict[str, str]:
    """The name of every recorded run by its id."""
    found = sorted((read_limits().checkpoints / RECORDED).glob("[!.]*/"))
    return {
        f"{RECORDED}/{path.name}": f"{_given_name(path)}{RECORDED_NAME}" for path in found if path.name.isprintable()
    }


def run_names(folder: Path) -> dict[str, str]:
    """The name of every run in a folder, by its id, the newest first.

    No two names are equal: a list to choose from cannot tell options with equal labels apart. A folder whose name no
    browser could be sent, because it is not UTF-8, is none of a run.
    """
    names: dict[str, str] = {}
    taken = {path.stem for path in read_limits().checkpoints.glob("*.safetensors")} | {*recorded_names().values()}
    for path in reversed(_newest_first(folder)):
        names[path.name] = unique_name(_given_name(path), taken)
        taken.add(names[path.name])
    return dict(reversed(names.items()))


def unique_name(name: str, taken: set[str]) -> str:
    """The name, with a number if it is taken."""
    numbered = (f"{name[: LONGEST_NAME - 4]} {number}" for number in itertools.count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def is_file(path: Path) -> bool:
    """Whether a file is there that may be read."""
    try:
        return path.is_file()
    except OSError:
        return False


def _newest_first(folder: Path) -> list[Path]:
    """The runs in a folder. Their own names do not tell: the command line begins them with the preset."""
    found = (path for path in folder.glob("[!.]*/") if path.name.isprintable())
    return sorted(found, key=lambda path: (_begun(path), path.name), reverse=True)


def _begun(path: Path) -> int:
    """When a run was put into its folder, in nanoseconds: these files are written once, or for an upload alone."""
    for name in ("config.json", "best.safetensors", ""):
        with contextlib.suppress(OSError):
            return (path / name).stat().st_mtime_ns
    return 0


def _given_name(path: Path) -> str:
    file = path / "name.txt"
    if not is_file(file):  # to open a pipe would wait until somebody writes into it
        return path.name
    try:
        with file.open("rb") as content:
            name = " ".join(content.read(1000).decode(errors="replace").split())[:LONGEST_NAME]
    except OSError:
        return path.name
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name) or path.name


def _is_shipped(name: str) -> bool:
    return _shipped(name).exists()


def _shipped(name: str) -> Path:
    return read_limits().checkpoints / f"{name}.safetensors"


def _runs() -> Path:
    return read_limits().runs
