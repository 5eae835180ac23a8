"""The microscope of the Learning page: what lies under it, what can be changed, and what is seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st
import torch

from app.components.microscope import gradients, microscope
from app.look.field import Field
from app.look.looking import LookRequest, start_of
from app.look.microscope import PARTS, Part, Setup
from app.look.observing import Observation, Stage, first_choice, observe, problem_of, stages
from app.look.picture import Picture
from app.look.questions import FOUR
from app.look.sources import digit_picture, name_of
from app.server.models import info_of, test_digits
from app.server.one_at_a_time import aside
from app.session import microscope as session
from app.session import pages, picture, settings, widgets
from app.session.messages import plain_text
from app.views import digits_view, microscope_controls, questions_view
from app.views.look_view import FoundField, find_field, lay_out_picture
from ram.checkpoints import CheckpointInfo
from ram.data.mnist import DataError

GALLERY = "learning_gallery"
WHAT_IS_SEEN = (
    "After its glimpse the model may look anywhere under the <b>Gaussian</b>: its mean μ is what the location network "
    "says.",
    "<b>Sixteen looks</b> are sampled, and each goes on to its answer.",
    "One that earns more than the <b>baseline</b> b pulls μ to itself, one that earns less pushes it away.",
    "The mean of all that is the <b>white arrow</b>: REINFORCE. No derivative of the image is needed.",
)
NO_LABEL = "Without a label there is no reward: say which digit this is"
SURE = 0.9  # probability from which on a label that the model does not name is worth a second look


class Lying(NamedTuple):
    """What lies under the microscope."""

    picture: Picture
    label: str
    """What it is, as far as anybody said so; empty if nobody did."""


def show() -> None:
    """Draws the page below its heading."""
    found, setup, problem = None, None, ""
    try:
        choices = stages()
        lying = _lying()
        info = _fit(choices)
        with st.container(key="learning_grid"):
            with st.container(key="learning_digit"):
                _show_digit(lying, info)
            with st.container(key="learning_stage"):
                microscope_controls.show(choices, range(1, info.config.num_glimpses))
                place, warning = st.container(), st.empty()
        stage = choices[session.current().stage]
        setup, problem = _setup(stage, info, lying)
        if setup is not None:
            found = _observe(stage, setup)
            problem = _doubt(found, lying, info)
        with place:
            microscope(
                found,
                setup,
                prompt=problem or NO_LABEL,
                steps=len(session.current().steps),
                call=session.call_of("microscope"),
                hint=session.hint_of("microscope"),
                key="microscope",
            )
        if problem:
            warning.warning(plain_text(f"{problem}."), icon=":material/label:")
    except (ValueError, DataError) as error:  # a CheckpointError, too
        st.error(f"{plain_text(str(error))}. Choose another stage or digit.", icon=":material/error:")
    if found is not None and setup is not None:
        _show_gradients(found, setup)
    questions_view.show()


def _fit(choices: dict[str, Stage]) -> CheckpointInfo:
    session.choose_stage([*choices], first_choice(choices))
    info = info_of(choices[session.current().stage].path)
    session.choose_move(info.config.num_glimpses - 1)
    return info


# ---- what lies under it ----


def _lying() -> Lying:
    """The session's picture, with its label; a newcomer finds a test digit."""
    if (position := picture.take_requested_digit()) is not None:
        picture.show(digit_picture(test_digits(), position))
    current = picture.current()
    if current is None or not current.is_one:
        current = digit_picture(test_digits(), FOUR)
    if current.test_digit is not None:
        return Lying(current, str(int(test_digits().labels[current.test_digit])))
    return Lying(current, session.label_of(hash(current.image.tobytes())))


def _show_digit(lying: Lying, info: CheckpointInfo) -> None:
    """Which digit it is, and others to take."""
    st.html("<h2>The digit</h2>")
    digits, chosen = test_digits(), lying.picture.test_digit
    if chosen is None:
        st.pills(
            f"{lying.picture.origin[0].upper()}{lying.picture.origin[1:]} is a",
            [*info.class_names()],
            default=lying.label if lying.label in info.class_names() else None,
            key=_label_key(lying),
            format_func=plain_text,
            on_change=_take_label,
            args=(_label_key(lying),),
        )
    else:
        st.markdown(f"{name_of(digits, chosen)[0].upper()}{name_of(digits, chosen)[1:]}")
    order = np.random.default_rng(1).permutation(len(digits.labels))
    positions = digits_view.on_page(order)
    if chosen is not None and chosen not in positions:
        positions[0] = chosen
    digits_view.show(positions, chosen, key=GALLERY, on_take=_take_digit)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        digits_view.show_others()
        st.page_link(pages.page("draw"), label="Draw your own", icon=":material/draw:")
    seen = "".join(f"<p>{sentence}</p>" for sentence in WHAT_IS_SEEN)
    st.html(f"<h2 class='below'>What you see</h2><div class='explained'>{seen}</div>")


def _label_key(lying: Lying) -> str:
    return f"label_{hash(lying.picture.image.tobytes())}"


def _take_label(key: str) -> None:
    session.back_to_the_start()
    session.say(widgets.value(key) or "")


def _take_digit(position: int) -> None:
    session.back_to_the_start()
    digits_view.take(position)


# ---- what is seen ----


def _setup(stage: Stage, info: CheckpointInfo, lying: Lying) -> tuple[Setup | None, str]:
    """What is to be observed; without it, the reason why nothing can be."""
    now, names = session.current(), info.class_names()
    if problem := problem_of(info):
        return None, problem
    if not lying.label:
        return None, NO_LABEL
    if lying.label not in names:
        return None, f"This model knows no class {lying.label}, so no look could earn a reward. Choose another stage"
    follows: tuple[Part, ...] = PARTS if now.follows == "all" else (now.follows,)
    setup = Setup(
        _image(stage, lying).tobytes(),
        names.index(lying.label),
        _start(),
        now.move,
        now.sigma,
        now.subtract,
        now.earns,
        follows,
    )
    return setup, ""


def _image(stage: Stage, lying: Lying) -> np.ndarray:
    """The digit as the model gets it: in its own field."""
    found = find_field(stage.model) if stage.model else FoundField(Field())
    if found.problem:
        raise ValueError(found.problem)
    return lying.picture.image if not found.field.is_larger else lay_out_picture(found).image


def _start() -> tuple[float, float]:
    """Where the first glimpse falls on Draw, too."""
    now = settings.current()
    place = start_of(LookRequest(first=now.first, place=(now.x, now.y)))
    if place is None:
        generator = torch.Generator().manual_seed(int(now.seed))
        x, y = (torch.rand(1, 2, generator=generator) * 2 - 1)[0].tolist()
        place = (x, y)
    return place


def _observe(stage: Stage, setup: Setup) -> Observation:
    now = session.current()
    with aside():  # other sessions go on meanwhile
        return observe(stage.path, setup, now.steps, now.draw_number, through=now.through == "yes")


def _doubt(found: Observation, lying: Lying, info: CheckpointInfo) -> str:
    """A sentence if what somebody said may be a slip; empty if not."""
    scene, names = found.scene, info.class_names()
    if lying.picture.test_digit is not None or names[scene.action] == lying.label:
        return ""
    sure = float(scene.class_probs[-1].max())
    if sure < SURE:
        return ""
    return (
        f"The model is {100 * sure:.0f} % sure that this is a {names[scene.action]}: if {lying.label} is the wrong "
        "label, it is rewarded for the wrong answers"
    )


def _show_gradients(found: Observation, setup: Setup) -> None:
    with st.container(key="learning_gradients"):
        st.html("<h2>Where does the gradient go?</h2>")
        microscope_controls.show_ways()
        gradients(found, setup, call=session.call_of("gradients"), hint=session.hint_of("gradients"), key="gradients")
