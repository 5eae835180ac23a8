import json
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save, save_file
from torch import Tensor

from ram.data.collection import (
    DIGIT_NAMES,
    LARGEST_FILE,
    MOST_DRAWINGS,
    Collection,
    CollectionError,
    check_classes,
    collection_bytes,
    empty_collection,
    load_collection,
    save_collection,
    split_collection,
)
from ram.data.mnist import Digits

NAMES = ("0", "1", "cat", "3", "4", "5", "6", "a house", "⭐", "Ω")


def drawings(*labels: int, classes: tuple[str, ...] = DIGIT_NAMES) -> Collection:
    """Drawings with these labels; the first pixel of each is its number, from 1."""
    images = torch.zeros(len(labels), 28, 28, dtype=torch.uint8)
    images[:, 3, 4] = torch.arange(1, len(labels) + 1) % 256
    images[:, 5, 6] = 200
    return Collection(Digits(images, torch.tensor(labels, dtype=torch.int64)), classes)


def numbers(digits: Digits) -> list[int]:
    return digits.images[:, 3, 4].tolist()


def test_first_class_is_zero_and_paper_is_zero() -> None:
    assert empty_collection().classes == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
    assert len(empty_collection().digits.labels) == 0
    assert empty_collection().counts == (0,) * 10


def test_every_fourth_of_a_class_is_held_back() -> None:
    collection = drawings(7, 7, 1, 7, 7, 7, 1, 1, 7, 7, 7)  # sevens: 1, 2, 4, 5, 6, 9, 10, 11
    train, test = split_collection(collection)
    assert numbers(test) == [5, 11]
    assert numbers(train) == [1, 2, 3, 4, 6, 7, 8, 9, 10]
    assert test.labels.tolist() == [7, 7]
    assert collection.counts == (0, 3, 0, 0, 0, 0, 0, 8, 0, 0)


def test_held_back_drawing_stays_so_when_more_are_added() -> None:
    collection = drawings(7, 7, 1, 7, 7)
    before = collection.held_back.tolist()
    for label in (1, 1, 7, 1):
        collection = collection.add(torch.full((28, 28), 9, dtype=torch.uint8), label)
    assert collection.held_back.tolist()[:5] == before == [False, False, False, False, True]
    assert collection.held_back.tolist()[5:] == [False, False, False, True]


def test_nothing_splits_into_nothing() -> None:
    train, test = split_collection(empty_collection())
    assert train.images.shape == test.images.shape == (0, 28, 28)


def test_removed_drawing_is_gone_and_the_others_stay_in_order() -> None:
    assert numbers(drawings(7, 1, 7).remove(1).digits) == [1, 3]


def test_renamed_classes_keep_their_drawings() -> None:
    collection = drawings(7, 2).rename(list(NAMES))
    assert collection.classes == NAMES
    assert collection.digits.labels.tolist() == [7, 2]


def test_merging_takes_only_what_is_new() -> None:
    mine, theirs = drawings(7, 1), drawings(7, 2, 1)  # the first is the same, the second has another label
    assert mine.merge(theirs).digits.labels.tolist() == [7, 1, 2, 1]
    assert mine.merge(mine).digits.labels.tolist() == [7, 1]


def test_merging_into_nothing_takes_the_classes_too() -> None:
    assert empty_collection().merge(drawings(2, classes=NAMES)).classes == NAMES


def test_other_classes_are_not_merged() -> None:
    with pytest.raises(CollectionError, match=r"other classes than yours \(“cat” where you have “2”\)"):
        drawings(2).merge(drawings(2, classes=NAMES))


def test_more_than_a_thousand_are_not_kept() -> None:
    full = drawings(*[1] * MOST_DRAWINGS)
    with pytest.raises(CollectionError, match=r"^That would be 1,001 drawings; at most 1,000"):
        full.add(torch.ones(28, 28, dtype=torch.uint8), 3)
    with pytest.raises(CollectionError, match=r"^That would be 1,002 drawings"):
        full.merge(drawings(5, 6))


def test_blank_drawing_is_not_kept() -> None:
    with pytest.raises(CollectionError, match="blank"):
        drawings(1).add(torch.zeros(28, 28, dtype=torch.uint8), 3)


@pytest.mark.parametrize("label", [-1, 10])
def test_label_outside_the_classes_is_not_kept(label: int) -> None:
    with pytest.raises(CollectionError, match="not from 0 to 9"):
        drawings(label)


@pytest.mark.usefixtures("unchecked_signatures")
@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (torch.ones(2, 28, 28), torch.zeros(2, dtype=torch.int64)),
        (torch.ones(2, 27, 28, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64)),
        (torch.ones(3, 28, 28, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64)),
        (torch.ones(2, 28, 28, dtype=torch.uint8), torch.zeros(2, dtype=torch.int32)),
    ],
)
def test_other_arrays_are_named(images: Tensor, labels: Tensor) -> None:
    with pytest.raises(ValueError, match=r"they must be uint8 \(N, 28, 28\) and int64 \(N,\)"):
        Collection(Digits(images, labels))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Class 3 has no name: .* type 3"),
        ("   ", "Class 3 has no name"),
        ("thirteen char", "class 3 must be 1 to 12 printable"),
        ("a\nb", "printable"),
        ("\u202egnp", "printable"),
        ("\ud800", "printable"),
        (" cat", "without spaces"),
        ("7", "classes 3 and 7 are both named “7”"),
    ],
)
def test_impossible_name_is_explained(name: str, message: str) -> None:
    names = [*DIGIT_NAMES[:3], name, *DIGIT_NAMES[4:]]
    with pytest.raises(CollectionError, match=message) as caught:
        check_classes(names)
    assert "\n" not in str(caught.value)
    with pytest.raises(CollectionError):
        drawings(1).rename(names)


def test_twelve_characters_of_any_script_are_a_name() -> None:
    check_classes([*DIGIT_NAMES[:3], "zwölf ⭐ Ωß中é", *DIGIT_NAMES[4:]])


def test_saved_drawings_come_back(tmp_path: Path) -> None:
    collection = drawings(7, 2, 7, classes=NAMES)
    path = tmp_path / "mine.safetensors"
    save_collection(path, collection)
    sources: list[str | Path | bytes] = [path, str(path), path.read_bytes(), collection_bytes(collection)]
    for loaded in map(load_collection, sources):
        assert loaded.classes == NAMES
        assert loaded.digits.images.equal(collection.digits.images)
        assert loaded.digits.labels.equal(collection.digits.labels)


def test_a_thousand_drawings_fit_into_a_file() -> None:
    content = collection_bytes(drawings(*[1] * MOST_DRAWINGS))
    assert len(content) < LARGEST_FILE
    assert len(load_collection(content).digits.labels) == MOST_DRAWINGS


def test_no_drawings_are_not_saved(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="no drawings to save"):
        save_collection(tmp_path / "mine.safetensors", empty_collection())
    assert not list(tmp_path.iterdir())


def file(tensors: dict[str, Tensor] | None = None, **metadata: Any) -> bytes:
    """A file made without this project's code; metadata replaced or (None) left out."""
    entries = {"format": "ram-drawings-1", "classes": json.dumps(DIGIT_NAMES), **metadata}
    return save(
        {"images": torch.ones(2, 28, 28, dtype=torch.uint8), "labels": torch.tensor([0, 9])}
        if tensors is None
        else tensors,
        {key: value for key, value in entries.items() if value is not None},
    )


def arrays(**changed: Tensor) -> dict[str, Tensor]:
    return {"images": torch.ones(2, 28, 28, dtype=torch.uint8), "labels": torch.tensor([0, 9]), **changed}


def header(text: str, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text)) + text.encode() + body


HUGE = '{"images":{"dtype":"U8","shape":[1000000000000,28,28],"data_offsets":[0,784000000000000]}}'


def test_earlier_file_stays_readable() -> None:
    loaded = load_collection(file())
    assert loaded.digits.labels.tolist() == [0, 9]
    assert loaded.classes == DIGIT_NAMES


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no file of drawings, or it is damaged"),
        (b"just text, nothing else", "no file of drawings"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "no file of drawings"),
        (pickle.dumps({"images": [1]}), "no file of drawings"),
        (file()[:-5], "no file of drawings"),
        (file()[:60], "no file of drawings"),
        (file() + b"more", "no file of drawings"),
        (header(HUGE), "no file of drawings"),
        (struct.pack("<Q", 2**63) + bytes(50), "no file of drawings"),
        (header("[" * 100_000), "no file of drawings"),
        (bytes(LARGEST_FILE + 1), "is larger than 2 MB"),
        (file(format="ram-checkpoint-1"), "is not a file of drawings"),
        (file(format=None), "is not a file of drawings"),
        (file(classes=None), "names of its classes are damaged"),
        (file(classes="{"), "names of its classes are damaged"),
        (file(classes="[" * 100_000), "names of its classes are damaged"),
        (file(classes='"0123456789"'), "names of its classes are damaged"),
        (file(classes=json.dumps([*range(10)])), "names of its classes are damaged"),
        (file(classes=json.dumps(DIGIT_NAMES[:9])), "there must be 10 classes, not 9"),
        (file(classes=json.dumps(["1", *DIGIT_NAMES[1:]])), "both named “1”"),
        (file(classes=json.dumps(["a" * 13, *DIGIT_NAMES[1:]])), "1 to 12 printable"),
        (file({}), "pictures of 28x28 pixels with one label each"),
        (file({"images": arrays()["images"]}), "pictures of 28x28"),
        (file(arrays(more=torch.ones(1))), "pictures of 28x28"),
        (file(arrays(images=torch.ones(2, 28, 28))), "pictures of 28x28"),
        (file(arrays(images=torch.ones(2, 28, 27, dtype=torch.uint8))), "pictures of 28x28"),
        (file(arrays(images=torch.ones(2, 784, dtype=torch.uint8))), "pictures of 28x28"),
        (file(arrays(images=torch.tensor(1, dtype=torch.uint8))), "pictures of 28x28"),
        (file(arrays(images=torch.ones(3, 28, 28, dtype=torch.uint8))), "pictures of 28x28"),
        (file(arrays(labels=torch.zeros(2, dtype=torch.int32))), "pictures of 28x28"),
        (file(arrays(labels=torch.zeros(2, 1, dtype=torch.int64))), "pictures of 28x28"),
        (file(arrays(labels=torch.tensor([0, 10]))), "not from 0 to 9"),
        (file(arrays(labels=torch.tensor([0, -1]))), "not from 0 to 9"),
        (file(arrays(labels=torch.tensor([0, 2**62]))), "not from 0 to 9"),
        (file(arrays(images=torch.zeros(2, 28, 28, dtype=torch.uint8))), "blank"),
        (
            file({"images": torch.ones(0, 28, 28, dtype=torch.uint8), "labels": torch.zeros(0, dtype=torch.int64)}),
            "0 drawings instead of 1 to 1,000",
        ),
        (
            file(
                {"images": torch.ones(1001, 28, 28, dtype=torch.uint8), "labels": torch.zeros(1001, dtype=torch.int64)}
            ),
            "1,001 drawings instead of 1 to 1,000",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # the order of a file's metadata is not the same twice
)
def test_unusable_file_gets_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(CollectionError, match=message) as caught:
        load_collection(content)
    assert str(caught.value).startswith("This file ")
    assert "\n" not in str(caught.value)
    path = tmp_path / "theirs.safetensors"
    path.write_bytes(content)
    with pytest.raises(CollectionError, match=message) as caught:
        load_collection(path)
    assert str(caught.value).startswith("theirs.safetensors ")


def test_pickle_in_a_file_is_never_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "run",)

    with pytest.raises(CollectionError):
        load_collection(pickle.dumps(Bomb()))
    assert not (tmp_path / "run").exists()


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match=r"^gone\.safetensors cannot be read: No such file or directory\.$"):
        load_collection(tmp_path / "gone.safetensors")


def test_folder_is_no_file_of_drawings(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match=f"^{tmp_path.name} "):
        load_collection(tmp_path)


def test_loaded_drawings_do_not_depend_on_their_file_any_more(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_file(arrays(), path, {"format": "ram-drawings-1", "classes": json.dumps(DIGIT_NAMES)})
    loaded = load_collection(path)
    with path.open("r+b") as opened:  # in place: a view of the file would see it
        opened.write(b"\0" * path.stat().st_size)
    assert bool((loaded.digits.images == 1).all())
