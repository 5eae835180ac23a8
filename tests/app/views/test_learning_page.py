"""The Learning page, run by Streamlit without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.look.observing import stages
from app.look.picture import DRAWING, Picture
from app.look.questions import QUESTIONS, USUAL
from app.look.steps import MOST_STEPS, parse_steps, steps_text
from app.session.shelf import Kept, pictures
from ram.data.mnist import load_mnist

FRAME = str(Path(__file__).parents[3] / "app" / "frame.py")


def show() -> None:
    import streamlit as st

    from app.session import address, pages
    from app.views import draw, learning

    address.read("learning")
    pages.register({"draw": st.Page(draw.show, title="Draw", url_path="draw")})
    learning.show()
    address.write("learning")


def open_page(**address: str) -> AppTest:
    """The Learning page as a new session at this address sees it."""
    app = AppTest.from_function(show, default_timeout=60)
    app.query_params.update({"stage": "mnist", "sample": "18", **address})
    return app.run()


def data_of(app: AppTest, key: str) -> Any:
    found = [element for element in app.get("bidi_component") if element.key == key]
    return json.loads(found[0].proto.bytes) if found else None


def shown(app: AppTest) -> dict[str, Any]:
    assert not app.exception
    assert not app.error
    found: dict[str, Any] = data_of(app, "microscope")["shown"]
    return found


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


@pytest.mark.parametrize("baseline", ["none", "value", "rollouts"])
def test_page_shows_the_arrows_beside_the_gradient_that_they_add_up_to(baseline: str) -> None:
    found = shown(open_page(baseline=baseline, move="2"))
    assert found["baseline"] == baseline
    advantages = np.array(found["rewards"]) - np.array(found["baselines"])
    assert advantages == pytest.approx(np.array(found["advantages"]))
    apart = np.array(found["samples"]) - np.array(found["mean"])
    mean = (advantages[:, None] * apart / found["std"] ** 2).mean(axis=0)
    assert mean == pytest.approx(np.array(found["arrows_mean"]))
    assert mean * found["std"] ** 2 == pytest.approx(np.array(found["push"]))
    assert [f"{one:.2f}" for one in found["gradient"]] == [f"{one:.2f}" for one in mean]
    assert set(found["redraws"]) == {"none", baseline}
    assert found["redraws"][baseline]["pushes"][0] == pytest.approx(found["push"], abs=1e-5)


def test_sixteen_others_are_others_and_the_address_brings_them_back() -> None:
    app = open_page()
    first = shown(app)
    others = shown(press(app, "Sixteen others"))
    assert others["samples"] != first["samples"]
    assert others["mean"] == first["mean"]
    assert "".join(app.query_params["looks"]) == "1"
    assert shown(open_page(looks="1"))["samples"] == others["samples"]


def test_steps_are_taken_one_or_ten_at_a_time_and_taken_back() -> None:
    app = open_page(baseline="rollouts")
    start = shown(app)
    assert shown(press(app, "Take the step"))["steps"] == 1
    moved = shown(press(app, "Take ten"))
    assert moved["steps"] == 11
    assert len(moved["trail"]) == 12
    assert moved["trail"][0] == pytest.approx(start["mean"])
    assert moved["trail"][-1] == pytest.approx(moved["mean"], abs=1e-5)
    assert moved["mean"] != start["mean"]
    assert "".join(app.query_params["taken"]) == "0x11"
    press(app, "Sixteen others")
    press(app, "Take the step")
    assert "".join(app.query_params["taken"]) == "0x11.12x1"
    assert shown(open_page(baseline="rollouts", taken="0x11", looks="11"))["mean"] == moved["mean"]
    assert shown(press(app, "Back to the start")) == start


def test_steps_are_judged_on_the_same_looks_whatever_is_on_show() -> None:
    app = open_page(baseline="rollouts")
    start = shown(app)
    assert start["earned_now"] == start["earned_before"]
    others = shown(press(app, "Sixteen others"))
    assert others["earned_now"] == start["earned_before"]
    moved = shown(press(app, "Take ten"))
    assert moved["earned_before"] == start["earned_before"]
    again = shown(press(app, "Sixteen others"))
    assert again["redraws"] != moved["redraws"]
    assert (again["earned_before"], again["earned_now"]) == (moved["earned_before"], moved["earned_now"])


def test_there_is_an_end_to_the_steps() -> None:
    app = open_page(taken=f"0x{MOST_STEPS - 5}", looks="95")
    assert [button.disabled for button in app.button if button.label.startswith("Take")] == [True, True]
    assert parse_steps("3x2.9x1") == (3, 4, 9)
    assert steps_text((3, 4, 9, 0)) == "3x2.9x1.0x1"
    for wrong in (f"0x{MOST_STEPS + 1}", "3", "1x0", "1x1..2x1", "-1x2", "x"):
        with pytest.raises(ValueError, match=r".*"):
            parse_steps(wrong)


def put_drawing(position: int = 18) -> str:
    """Keeps a test digit as if it had been drawn, and returns its name in the URL."""
    image = (load_mnist("test").images[position].numpy() / np.float32(255)).astype(np.float32)
    return pictures().put(Kept(Picture(image, DRAWING), "[]"), 1, "somebody")


def test_drawing_wants_a_label_and_has_no_reward_without_one() -> None:
    app = open_page(sample="", picture=put_drawing())
    assert shown(app) is None
    assert data_of(app, "microscope")["prompt"].startswith("Without a label there is no reward")
    assert "Without a label there is no reward" in app.warning[0].value
    pills = next(one for one in app.button_group if one.label == "Your drawing is a")
    pills.set_value("3").run()
    assert shown(app)["label"] == 3
    assert not app.warning


def test_label_that_the_model_doubts_is_pointed_out() -> None:
    app = open_page(sample="", picture=put_drawing(7), label="4")  # a nine
    assert shown(app)["label"] == 4
    assert "% sure that this is a 9: if 4 is the wrong label" in app.warning[0].value


def test_label_that_the_model_does_not_know_earns_nothing() -> None:
    app = open_page(sample="", picture=put_drawing(), label="cat")
    assert shown(app) is None
    assert "knows no class cat" in app.warning[0].value


def test_questions_show_what_their_answers_say() -> None:
    app = open_page(looks="3", taken="0x2", move="2")
    found, ways = [], []
    for number, question in enumerate(QUESTIONS):
        app.button(key=f"show_{number}").click().run()
        found.append(shown(app))
        ways.append(data_of(app, "gradients"))
        wanted = {**USUAL, **question.settings}
        assert (found[-1]["steps"], found[-1]["move"]) == (question.steps, 1)
        assert [found[-1][name] for name in ("baseline", "reward", "std")] == [
            wanted[name] for name in ("subtract", "earns", "sigma")
        ]
        assert str(app.selectbox(key="stage").value).startswith("one-minute-")
        assert f"Test digit {question.digit}" in app.markdown[0].value
        assert (ways[-1]["through"] is not None) == (wanted["through"] == "yes")
        assert (ways[-1]["call"] > 0) == (question.part == "gradients")
        hints = {part: data_of(app, part)["hint"] for part in ("microscope", "gradients")}
        assert hints == {"microscope": "", "gradients": "", question.part: question.shows}
    press(app, "Move the first glimpse")
    assert [data_of(app, part)["hint"] for part in ("microscope", "gradients")] == ["", ""]
    # It learns: more looks are right.
    assert found[0]["earned_now"] > found[0]["earned_before"] + 0.3
    # One pixel changes more than the derivative says.
    for number in (1, 5):
        through = ways[number]["through"]
        assert max(map(abs, through["moved"])) > 3 * max(map(abs, through["slope"]))
    # REINFORCE reaches the core.
    assert ways[2]["norms"]["reinforce"]["core_network"] > 0.1
    # A baseline calms the push.
    redraws = found[3]["redraws"]
    assert redraws["rollouts"]["spread"] < 0.5 * redraws["none"]["spread"]
    # Without noise there is nothing to compare.
    assert np.abs(found[4]["advantages"]).max() == 0


def test_stages_tell_of_the_first_digit_that_it_was_learned() -> None:
    keys = [key for key in stages() if key.startswith("one-minute-")]
    rights = [shown(open_page(stage=key, sample=""))["earned_now"] for key in keys]
    assert rights == sorted(rights)
    assert (rights[0] < 0.1, 0.4 < rights[1] < 0.7, rights[-1] > 0.9) == (True, True, True)


def test_gradients_tell_their_norms_and_what_a_step_follows() -> None:
    app = open_page(step="all", through="yes")
    found = data_of(app, "gradients")
    assert found["follows"] == ["action", "reinforce", "value"]
    assert found["norms"]["value"]["core_network"] is None
    assert found["norms"]["reinforce"]["core_network"] > 0
    assert found["through"]["crop"] is False


@pytest.mark.parametrize("stage", ["mnist-lstm", "cluttered-60"])
def test_other_models_lie_under_the_microscope_too(stage: str) -> None:
    found = shown(open_page(stage=stage, move="63"))
    assert found["move"] == (5 if stage == "mnist-lstm" else 7)
    assert len(found["scene"]["image"]) == (28 if stage == "mnist-lstm" else 60)
    assert found["gradient"] == pytest.approx(found["arrows_mean"], abs=1e-4)


def test_nonsense_in_the_address_is_ignored() -> None:
    app = open_page(stage="none", move="x", baseline="7", sigma="9", taken="all", looks="-1", step="?", sample="10000")
    assert shown(app)["steps"] == 0
    assert app.selectbox(key="stage").value in stages()
