"""Where glimpses are made to look, as the URL says it."""

from __future__ import annotations

import pytest

from app.look.force import Move, force_text, moved, parse_force, read_move


@pytest.mark.parametrize(
    ("text", "force"),
    [
        ("", {}),
        ("3:0.25,-0.40", {3: (0.25, -0.4)}),
        ("5:0,0;3:-1,1", {3: (-1, 1), 5: (0, 0)}),
        ("1:.5,1e-1", {1: (0.5, 0.1)}),
    ],
)
def test_places_are_read_in_the_order_of_the_glimpses(text: str, force: object) -> None:
    assert parse_force(text) == force
    assert list(parse_force(text)) == sorted(parse_force(text))


@pytest.mark.parametrize(
    "text",
    [
        *("3", "3:", "3:0.25", "3:0.25,", "3:1,2,3", "x:0,0", "3:x,0", "0:0,0", "-1:0,0", "100:0,0", "2.5:0,0"),
        *("3:1.01,0", "3:0,-1.01", "3:nan,0", "3:0,inf", "3:0,0;3:0,1", "3:0,0;x", "3:0 0"),
    ],
)
def test_what_is_no_place_of_a_glimpse_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whose words differ, and nobody reads them
        parse_force(text)


def test_text_says_places_to_a_hundredth() -> None:
    assert force_text({5: (-0.001, 1), 3: (0.25, -0.4)}) == "3:0.25,-0.40;5:0.00,1.00"
    assert force_text(parse_force("3:0.25,-0.40;5:0.00,1.00")) == "3:0.25,-0.40;5:0.00,1.00"
    assert force_text({}) == ""


def test_after_a_glimpse_that_is_moved_the_model_goes_on_by_itself() -> None:
    force = {2: (0.0, 0.5), 4: (0.5, 0.0)}
    assert moved(force, 3, (1, 1)) == {2: (0.0, 0.5), 3: (1, 1)}
    assert moved(force, 4, (1, 1)) == {2: (0.0, 0.5), 4: (1, 1)}
    assert moved(force, 6, (1, 1)) == {**force, 6: (1, 1)}


def test_move_of_a_viewer_is_read() -> None:
    move = read_move({"glimpse": 3, "x": 1, "y": -0.25, "number": 7})
    assert move == Move(3, (1.0, -0.25), 7)
    assert isinstance(move.place[0], float)  # what is no float, no slider takes


@pytest.mark.parametrize(
    "changes",
    [
        *({"glimpse": 0}, {"glimpse": 100}, {"glimpse": "3"}, {"glimpse": 2.5}, {"number": "7"}, {"number": None}),
        *({"x": 9}, {"y": -1.01}, {"x": float("nan")}, {"y": "0"}, {"x": None}),
    ],
)
def test_what_no_viewer_sends_moves_nothing(changes: dict[str, object]) -> None:
    assert read_move({"glimpse": 3, "x": 0.5, "y": 0.5, "number": 7} | changes) is None


@pytest.mark.parametrize("message", [None, {}, [], "x", 3, {"glimpse": 3}])
def test_what_is_no_move_moves_nothing(message: object) -> None:
    assert read_move(message) is None
