"""Own drawings: a small labelled set, and its file, which anybody may have made.

Nothing is ever unpickled. A file is untrusted until its size, metadata, names, shapes, dtypes and
values have been checked.
"""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, UInt8
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ram.data.mnist import Digits
from ram.data.strokes import SIZE
from ram.files import open_file, parse_json, write_atomically

FORMAT = "ram-drawings-1"
LARGEST_FILE = 2 * 1024**2  # bytes
MOST_DRAWINGS = 1000
LONGEST_NAME = 12  # characters
HELD_BACK = 4  # every fourth drawing of a class measures what the other three taught
DIGIT_NAMES = tuple("0123456789")


class CollectionError(ValueError):
    """Drawings that cannot be used; the message is one sentence for the user."""


@dataclasses.dataclass(frozen=True, eq=False)
class Collection:
    """A small labelled set of drawings, in the order in which they were added.

    Raises:
        CollectionError: a class name is not possible, there are too many drawings, or one is blank.
        ValueError: the images or labels are not of the right shape and type.
    """

    digits: Digits
    """uint8 images of 28x28 pixels and int64 labels from 0 to 9."""
    classes: tuple[str, ...] = DIGIT_NAMES
    """The name of each of the ten classes. A class whose name is not its digit replaces that digit."""

    def __post_init__(self) -> None:
        images, labels = self.digits
        count = len(labels)
        if tuple(images.shape) != (count, SIZE, SIZE) or images.dtype != torch.uint8 or labels.dtype != torch.int64:
            raise ValueError(
                f"images {images.dtype} {tuple(images.shape)}, labels {labels.dtype} {tuple(labels.shape)}: "
                f"they must be uint8 (N, {SIZE}, {SIZE}) and int64 (N,)"
            )
        check_classes(self.classes)
        if count > MOST_DRAWINGS:
            raise CollectionError(
                f"That would be {count:,} drawings; at most {MOST_DRAWINGS:,} can be kept, so please remove some first."
            )
        if not bool(((labels >= 0) & (labels < len(DIGIT_NAMES))).all()):
            raise CollectionError("One of the drawings has a label that is not from 0 to 9.")
        if not bool(images.flatten(1).any(dim=1).all()):
            raise CollectionError("One of the drawings is blank.")

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of drawings in each class."""
        return tuple(torch.bincount(self.digits.labels, minlength=len(DIGIT_NAMES)).tolist())

    @property
    def held_back(self) -> Bool[Tensor, " batch"]:
        """Which drawings are held back: every fourth of each class."""
        labels = self.digits.labels
        of_class = labels[:, None] == torch.arange(len(DIGIT_NAMES))
        rank = of_class.cumsum(dim=0).gather(1, labels[:, None]).squeeze(dim=1)
        return rank % HELD_BACK == 0

    def add(self, image: UInt8[Tensor, "28 28"], label: int) -> Collection:
        """Returns the set with one more drawing at its end.

        Raises:
            CollectionError: it is blank, or there are too many already.
        """
        return self._append(Digits(image[None], torch.tensor([label])))

    def remove(self, position: int) -> Collection:
        """Returns the set without the drawing at this position."""
        others = torch.arange(len(self.digits.labels)) != position
        return dataclasses.replace(self, digits=self.digits.take(others))

    def rename(self, classes: Sequence[str]) -> Collection:
        """Returns the same drawings in classes with other names.

        Raises:
            CollectionError: a name is not possible, or two are the same.
        """
        check_classes(classes)
        return dataclasses.replace(self, classes=tuple(classes))

    def merge(self, other: Collection) -> Collection:
        """Returns the set with those drawings of another set that it does not have.

        An identical drawing is not taken twice: its copy could be held back while it is trained on.

        Raises:
            CollectionError: the two have other classes, or together too many drawings.
        """
        if not len(self.digits.labels):
            return other
        if self.classes != other.classes:
            mine, theirs = next(pair for pair in zip(self.classes, other.classes, strict=True) if pair[0] != pair[1])
            raise CollectionError(
                f"These drawings have other classes than yours (“{theirs}” where you have “{mine}”), so they cannot be "
                "added; remove your own drawings first, or give the classes the same names."
            )
        known = set(_contents(self.digits))
        new = [position for position, content in enumerate(_contents(other.digits)) if content not in known]
        return self._append(other.digits.take(torch.tensor(new, dtype=torch.int64)))

    def _append(self, more: Digits) -> Collection:
        together = Digits(*(torch.cat(pair) for pair in zip(self.digits, more, strict=True)))
        return dataclasses.replace(self, digits=together)


def empty_collection() -> Collection:
    """A set without drawings, whose classes are the ten digits."""
    return Collection(Digits(torch.zeros(0, SIZE, SIZE, dtype=torch.uint8), torch.zeros(0, dtype=torch.int64)))


def check_classes(classes: Sequence[str]) -> None:
    """Checks the names of the ten classes.

    Raises:
        CollectionError: there are not ten, one is empty, too long or not printable, or two are the same.
    """
    if len(classes) != len(DIGIT_NAMES):
        raise CollectionError(f"There must be {len(DIGIT_NAMES)} classes, not {len(classes)}.")
    for digit, name in enumerate(classes):
        if not name.strip():
            raise CollectionError(f"Class {digit} has no name: give it one, or type {digit} to have the digit back.")
        if len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip():
            raise CollectionError(
                f"The name of class {digit} must be 1 to {LONGEST_NAME} printable characters, without spaces around it."
            )
        if (first := list(classes).index(name)) < digit:
            raise CollectionError(f"The classes {first} and {digit} are both named “{name}”: each needs its own name.")


def split_collection(collection: Collection) -> tuple[Digits, Digits]:
    """Splits the drawings into those to train on and those that are held back to measure with.

    Every fourth drawing of each class is held back. It stays held back when drawings are added.
    """
    held_back = collection.held_back
    return collection.digits.take(~held_back), collection.digits.take(held_back)


def collection_bytes(collection: Collection) -> bytes:
    """The content of a file with these drawings.

    Raises:
        CollectionError: there are none.
    """
    if not len(collection.digits.labels):
        raise CollectionError("There are no drawings to save yet.")
    tensors = {"images": collection.digits.images.contiguous(), "labels": collection.digits.labels.contiguous()}
    return save(tensors, {"format": FORMAT, "classes": json.dumps(collection.classes)})


def save_collection(path: str | Path, collection: Collection) -> None:
    """Writes a file with these drawings, atomically.

    Raises:
        CollectionError: there are none.
        OSError: the disk is full or the folder not writable; an older file is left as it was.
    """
    write_atomically(Path(path), collection_bytes(collection))


def load_collection(source: str | Path | bytes) -> Collection:
    """Reads a file of drawings.

    Args:
        source: where the file is, or its content.

    Raises:
        CollectionError: it is missing, too large, damaged, of another kind, or something in it is not possible.
    """
    if not isinstance(source, bytes):
        return _load(Path(source), Path(source).name)
    _check_size(len(source), "This file")
    # Only a file can be checked before its tensors are read.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uploaded"
        path.write_bytes(source)
        return _load(path, "This file")


def _check_size(size: int, name: str) -> None:
    if size > LARGEST_FILE:
        raise CollectionError(f"{name} is larger than {LARGEST_FILE // 1024**2} MB, the most a file of drawings has.")


def _load(path: Path, name: str) -> Collection:
    try:
        with open_file(path) as opened:
            _check_size(opened.seek(0, os.SEEK_END), name)
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise CollectionError(f"{name} is not a file of drawings; please choose one that this app has saved.")
            _check_tensors({key: file.get_slice(key) for key in file.keys()}, name)  # noqa: SIM118
            # Cloned: the tensors are views of the mapped file, and truncating it later would crash the process.
            digits = Digits(file.get_tensor("images").clone(), file.get_tensor("labels").clone())
    except SafetensorError:
        raise CollectionError(f"{name} is no file of drawings, or it is damaged; please choose another one.") from None
    except OSError as error:
        raise CollectionError(f"{name} cannot be read: {error.strerror}.") from error
    try:
        return Collection(digits, _read_classes(metadata))
    except CollectionError as error:
        reason = str(error)
        raise CollectionError(f"{name} cannot be used: {reason[0].lower()}{reason[1:]}") from None


def _check_tensors(tensors: dict[str, Any], name: str) -> None:
    """Checks the file's header before any tensor is read."""
    said = {key: (entry.get_dtype(), tuple(entry.get_shape())) for key, entry in tensors.items()}
    count = said["images"][1][0] if said.get("images", (0, ()))[1] else 0
    if said != {"images": ("U8", (count, SIZE, SIZE)), "labels": ("I64", (count,))}:
        raise CollectionError(
            f"{name} cannot be used: it does not hold pictures of {SIZE}x{SIZE} pixels with one label each."
        )
    if not 1 <= count <= MOST_DRAWINGS:
        raise CollectionError(f"{name} cannot be used: it has {count:,} drawings instead of 1 to {MOST_DRAWINGS:,}.")


def _read_classes(metadata: dict[str, str]) -> tuple[str, ...]:
    try:
        classes = parse_json(metadata["classes"])
    except (KeyError, ValueError):
        classes = None
    if not isinstance(classes, list) or not all(isinstance(entry, str) for entry in classes):
        raise CollectionError("The names of its classes are damaged.")
    return tuple(classes)


def _contents(digits: Digits) -> list[tuple[int, bytes]]:
    """Each drawing as a value that can be compared."""
    return [(int(label), image.numpy().tobytes()) for image, label in zip(digits.images, digits.labels, strict=True)]
