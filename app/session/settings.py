"""The settings of a session: how the model looks, at what, and what the page shows of it.

Each is one key of `st.session_state`, because widgets keep their values there: a widget's key is the name of its
field. `app/session/address.py` carries all of them through the URL, those of the Train page too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import streamlit as st

from app.look.field import Arrangement, ShowClutter
from app.look.force import Force, force_text, parse_force
from app.look.steps import parse_steps, steps_text
from app.server.catalogue import model_names
from app.server.pytorch import device_names

if TYPE_CHECKING:
    from app.look.looking import FirstGlimpse, GazeMode

Present = Literal["no", "yes", "cover"]
NEXT_KINDS = ["any", "hardest", "misread"]  # of digits that a presentation takes
DIGIT_KINDS = ["any", *"0123456789", "hardest"]
BRUSHES = [12, 16, 20, 24, 28]  # pixels of a canvas on which the digit fills an image of 28x28
LARGEST_SEED = 999_999
LONGEST_TEXT = 500  # characters
MOST_MOVES = 63  # of the glimpses that a model can have
SIGMAS = [0.05, 0.1, 0.2, 0.4]  # standard deviations of a policy under the microscope

Elsewhere = Literal["no", "probability", "right", "value"]


class Steering(NamedTuple):
    """Where the user makes glimpses look."""

    first: FirstGlimpse
    x: float
    y: float
    force: str


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of all pages but the Train page."""

    model: str | None
    """One of the `model_names`; None if there are none."""
    first: FirstGlimpse
    x: float
    """Where the first glimpse falls if `first` is "place", in [-1, 1]; so does `y`."""
    y: float
    force: str
    """Where other glimpses look instead of where the model would; see `app.look.force`."""
    gaze: GazeMode
    seed: int
    show_clutter: ShowClutter
    clutter_seed: int
    place_seed: int
    compare: Literal["no", "yes"]
    device: str
    brush: int
    digits: str
    """Which test digits the gallery shows: one of the `DIGIT_KINDS`."""
    speed: float
    seen: Literal["all", "only"]
    """Whether the viewer darkens what has not been seen."""
    play: Literal["yes", "no"]
    """Whether a new look plays by itself."""
    elsewhere: Elsewhere
    """Whether the viewer maps what another look would have changed, and by what it colours the places."""
    policy: Literal["no", "yes", "looks"]
    """Whether the viewer shows the location policy as the Gaussian that it is, and several looks of it."""
    inside: Literal["no", "yes"]
    """Whether what goes on inside the model is drawn beneath the viewer."""
    present: Present
    """Whether the look is revealed over the whole window, or covered while somebody draws."""
    next_kind: str
    """Which digits the presentation takes next: one of the `NEXT_KINDS`."""

    @property
    def arrangement(self) -> Arrangement:
        """What the user wants in the fields."""
        return Arrangement(self.show_clutter, int(self.clutter_seed), int(self.place_seed))

    @property
    def forced(self) -> Force:
        """Where glimpses look instead, by their number from 1."""
        return parse_force(self.force)


_NAMES = tuple(field.name for field in dataclasses.fields(Settings))
_reading = threading.local()  # `settings` of the run in this thread, while they are read only once


def current() -> Settings:
    """The settings as they are now."""
    return already_read() or _read()


def already_read() -> Settings | None:
    """The settings within `read_once`; None outside of it."""
    kept: Settings | None = getattr(_reading, "settings", None)
    return kept


@contextlib.contextmanager
def read_once() -> Iterator[None]:
    """Within the block, which must not change them, the settings are read only once: each costs Streamlit 5 us."""
    _reading.settings = _read()
    try:
        yield
    finally:
        _reading.settings = None


def _read() -> Settings:
    return Settings(**{name: st.session_state[name] for name in _NAMES})


def brush() -> int:
    """Only `current().brush`, which is asked for before a drawing may change other settings."""
    width: int = st.session_state.brush
    return width


def look_again() -> None:
    """Takes the next seed."""
    st.session_state.seed = (st.session_state.seed + 1) % (LARGEST_SEED + 1)


def start_at_place() -> None:
    """Lets the first glimpse fall where `x` and `y` say."""
    st.session_state.first = "place"


def choose_place(x: float, y: float) -> None:
    """Lets the first glimpse fall at (x, y), in [-1, 1]."""
    st.session_state.x, st.session_state.y = round(x, 2), round(y, 2)
    start_at_place()


def steering() -> Steering:
    """Where the user makes glimpses look now."""
    state = st.session_state
    return Steering(state.first, state.x, state.y, state.force)


def steer(wanted: Steering) -> None:
    """Makes glimpses look there."""
    state = st.session_state
    state.first, state.x, state.y, state.force = wanted


def stop_forcing() -> None:
    """Lets the model look where it likes after its first glimpse."""
    st.session_state.force = ""


def change_clutter(*, shown: bool) -> None:
    """Takes other pieces of clutter at other places; if none were shown, from now on there are some."""
    st.session_state.clutter_seed = (st.session_state.clutter_seed + 1) % (LARGEST_SEED + 1)
    if not shown:
        st.session_state.show_clutter = "yes"


def remove_clutter() -> None:
    """Leaves the digit alone in its field."""
    st.session_state.show_clutter = "no"


def move_digit() -> None:
    """Puts the digit somewhere else in its field."""
    # Never 0, which is where it was drawn.
    st.session_state.place_seed = st.session_state.place_seed % LARGEST_SEED + 1


def put_digit_back() -> None:
    """Leaves the digit where it was drawn, or where a test digit lies at first."""
    st.session_state.place_seed = 0


def use_model(name: str, *, compare: bool) -> None:
    """Lets this model look, alone or beside the pretrained one."""
    st.session_state.model, st.session_state.compare = name, "yes" if compare else "no"


def keep_viewer_options(
    *,
    speed: float | None = None,
    only_seen: bool | None = None,
    play: bool | None = None,
    elsewhere: str | None = None,
    policy: str | None = None,
    inside: str | None = None,
) -> None:
    """Keeps what was changed in the viewer itself; what is not possible, as None, changes nothing."""
    _keep("speed", speed)
    _keep("seen", None if only_seen is None else "only" if only_seen else "all")
    _keep("play", None if play is None else "yes" if play else "no")
    _keep("elsewhere", elsewhere)
    _keep("policy", policy)
    _keep("inside", inside)


def present(mode: Present) -> None:
    """Opens the presentation, covers the stage, or goes back to the page as usual."""
    _keep("present", mode)


def _keep(key: str, value: Any) -> None:
    # A browser can be made to send anything, and what is not possible could not be written into the URL.
    if in_address()[key].is_possible(value):
        st.session_state[key] = value


def keep_next_kind(kind: str) -> None:
    """Keeps which digits the presentation takes next."""
    if kind in NEXT_KINDS:
        st.session_state.next_kind = kind


class Setting(NamedTuple):
    """What the URL says of one key of the session's state."""

    default: Any
    parse: Callable[[str], Any]
    """From the URL's text; raises ValueError if it is not possible."""
    page: str | None = None
    """The only page in whose URL it stands; None for every page's."""
    name: str = ""
    """In the URL, if it is not the key."""

    def is_possible(self, value: Any) -> bool:
        """Whether the URL may say this."""
        try:
            self.parse(f"{value}")
        except ValueError:
            return False
        return True


def in_address() -> dict[str, Setting]:
    """All settings by their key, in the order of the URL; those of the Train page are its form's and its runs'."""
    models: list[str | None] = [*model_names()] or [None]
    return {
        "model": Setting(models[0], _one_of(*models)),
        "first": Setting("random", _one_of("random", "centre", "place")),
        "x": Setting(0.0, _between(float, -1, 1)),
        "y": Setting(0.0, _between(float, -1, 1)),
        "force": Setting("", _force),
        "gaze": Setting("mean", _one_of("mean", "sampled")),
        "seed": Setting(0, _between(int, 0, LARGEST_SEED)),
        "show_clutter": Setting("trained", _one_of("trained", "yes", "no"), name="clutter"),
        "clutter_seed": Setting(0, _between(int, 0, LARGEST_SEED), name="pieces"),
        "place_seed": Setting(0, _between(int, 0, LARGEST_SEED), name="spot"),
        "compare": Setting("no", _one_of("no", "yes")),
        "device": Setting("auto", _one_of(*device_names())),
        "brush": Setting(20, _one_of(*BRUSHES)),
        "digits": Setting("any", _one_of(*DIGIT_KINDS)),
        "speed": Setting(1, _one_of(0.25, 0.5, 1, 2, 4)),
        "seen": Setting("all", _one_of("all", "only")),
        "play": Setting("yes", _one_of("yes", "no")),
        "elsewhere": Setting("no", _one_of("no", "probability", "right", "value")),
        "policy": Setting("no", _one_of("no", "yes", "looks")),
        "inside": Setting("no", _one_of("no", "yes")),
        "present": Setting("no", _one_of("no", "yes", "cover"), "draw"),
        "next_kind": Setting("any", _one_of(*NEXT_KINDS), "draw", name="next"),
        "stage": Setting("", _text, "learning"),
        "move": Setting(1, _between(int, 1, MOST_MOVES), "learning"),
        "subtract": Setting("value", _one_of("none", "value", "rollouts"), "learning", name="baseline"),
        "earns": Setting("hit", _one_of("hit", "information"), "learning", name="reward"),
        "sigma": Setting(0.2, _one_of(*SIGMAS), "learning"),
        "follows": Setting("reinforce", _one_of("reinforce", "action", "value", "all"), "learning", name="step"),
        "through": Setting("no", _one_of("no", "yes"), "learning"),
        "draw_number": Setting(0, _between(int, 0, LARGEST_SEED), "learning", name="looks"),
        "taken": Setting("", _steps, "learning"),
        "label": Setting("", _text, "learning"),
        "preset": Setting("one-minute", _text, "train"),
        "recipe": Setting("", _text, "train"),
        "start": Setting("", _one_of("", *models), "train"),
        "with_drawings": Setting("no", _one_of("no", "yes"), "train"),
        "run": Setting("", _text, "train"),
        "against": Setting("", _text, "train"),
    }


def _one_of(*choices: Any) -> Callable[[str], Any]:
    by_text = {f"{choice}": choice for choice in choices}

    def parse(text: str) -> Any:
        if text not in by_text:
            raise ValueError(text)
        return by_text[text]

    return parse


def _between(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return parse


def _force(text: str) -> str:
    return force_text(parse_force(_text(text)))


def _steps(text: str) -> str:
    return steps_text(parse_steps(_text(text)))


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise ValueError(text)
    return text
