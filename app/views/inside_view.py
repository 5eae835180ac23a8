"""Beneath the viewer: what goes on inside the model, and where the number that was chosen comes from."""

from __future__ import annotations

import streamlit as st

from app.components.gets import VIEWER
from app.components.inside import inside_panel
from app.look.explaining import Item, Looked, explain, parse_item
from app.look.formula import Formula
from app.look.inside import look_inside
from app.look.scene import Scene
from app.look.stories import sample_of, story
from app.server.models import load_model, model_info
from app.server.one_at_a_time import turn
from app.session import inside, settings, widgets
from app.session.inside import Asked
from app.session.messages import plain_text
from app.views import formula_panel
from app.views.asking import look_request
from app.views.story_panel import story_in_html
from ram.data.mnist import DataError
from ram.value_fit import FITTED

KEY = "inside_panel"
LAYERS = ("what", "where", "feature", "before", "hidden", "cell_before", "cell")
PLACE_OF = {"before": "hidden", "cell_before": "cell"}  # the layer whose units these are


def show(scene: Scene | None, name: str | None) -> None:
    """Draws all of it where it is open, and something was looked at; else nothing is computed or sent."""
    if scene is not None and name is not None and settings.current().inside == "yes":
        with st.container(key="inside"):
            _show(scene, name)


@st.fragment
def _show(scene: Scene, name: str) -> None:
    """A fragment: who asks about a number does not want the look drawn again."""
    with turn():
        try:
            model = load_model(name, settings.current().device)
        except ValueError as error:  # a CheckpointError, too: the model was deleted since it looked
            st.error(f"{plain_text(str(error))}. Choose another model.", icon=":material/error:")
            return
        fitted = model_info(name).results.get(FITTED) is True
        looked = Looked(model, look_inside(model, scene.image, look_request(name)), scene.class_names, fitted)
        asked = inside.asked()
        formula = None if asked is None else _explained(looked, asked)
        never, count = _never_active(name, use_lstm=model.config.use_lstm)
        inside_panel(
            model,
            looked.inside,
            viewer=VIEWER,
            never=never,
            sample=count,
            chosen=asked if formula is not None else None,
            said="" if formula is None else f"{formula.title}. {formula.sentence}",
            key=KEY,
            on_ask=_take_question,
        )
        if asked is not None and formula is not None:
            with st.container(key="inside_answer"):
                _show_answer(formula, name, parse_item(asked.item))


def _explained(looked: Looked, asked: Asked) -> Formula | None:
    """Where the number comes from; None if this look has no such number."""
    try:
        return explain(looked, asked.glimpse, parse_item(asked.item))
    except ValueError:
        return None


def _never_active(name: str, *, use_lstm: bool) -> tuple[dict[str, list[int]], int]:
    """The units that are dead, by layer, and at how many test digits; none at all where there is no such sample."""
    try:
        sample = sample_of(name)
    except (ValueError, DataError):  # a CheckpointError, too
        return {}, 0
    return sample.never(use_lstm), len(sample.labels)


def _show_answer(formula: Formula, name: str, item: Item) -> None:
    formula_panel.show(formula, key="inside")
    if item.name in LAYERS:
        try:
            found = story(name, PLACE_OF.get(item.name, item.name), item.place[0])
        except (ValueError, DataError, IndexError):  # the last for a file that was changed just now
            st.caption("The test digits that excite this unit cannot be shown.")
        else:
            st.html(story_in_html(found))
    st.button("Close", key="inside_close", on_click=inside.ask, args=(None,), icon=":material/close:", help="Close")


def _take_question() -> None:
    match widgets.sent(KEY, "ask"):
        case {"glimpse": _, "item": ""}:
            inside.ask(None)
        case {"glimpse": int(glimpse), "item": str(item), "follows": True}:
            inside.follow(Asked(glimpse, item))
        case {"glimpse": int(glimpse), "item": str(item)}:
            inside.ask(Asked(glimpse, item))
