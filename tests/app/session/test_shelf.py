"""The shelves on which the server keeps what sessions have made."""

from app.session.shelf import Shelf


def test_shelf_of_equal_things_keeps_the_last_ones() -> None:
    shelf: Shelf[int] = Shelf(3)
    names = [shelf.put(number) for number in range(4)]
    assert [shelf.get(name) for name in names] == [None, 1, 2, 3]
    assert shelf.get("unknown") is None


def test_shelf_lets_go_what_was_not_asked_for_longest() -> None:
    shelf: Shelf[str] = Shelf(10)
    first, second = shelf.put("first", 4), shelf.put("second", 4)
    assert shelf.get(first) == "first"
    third = shelf.put("third", 4)
    assert [shelf.get(name) for name in (first, second, third)] == ["first", None, "third"]
