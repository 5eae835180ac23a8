"""What is asked of a model that looks: how to look, where to look instead, and what that would have changed."""

from __future__ import annotations

import functools

from app.components.gets import VIEWER, ModelInput
from app.components.viewer import ViewerCalls, ViewerOptions, glimpse_viewer
from app.look.elsewhere import Elsewhere, Looks, look_elsewhere, sampled_looks
from app.look.field import Field
from app.look.force import read_move
from app.look.looking import LookRequest
from app.look.scene import Scene
from app.server.catalogue import model_label
from app.server.models import load_model
from app.server.one_at_a_time import aside
from app.session import picture, settings, steering, widgets
from app.session.steering import Question

PROMPT = "Draw a digit, or take one of the test digits"
PROMPT_FOR_LARGER = "Draw a digit anywhere, small, or take one of the test digits"
ONE_PLEASE = "One digit, please: there is more than one thing here. Undo takes the last stroke back"


def look_request(name: str) -> LookRequest:
    """How the model of that name is to look."""
    now = settings.current()
    return LookRequest(model_label(name), now.first, (now.x, now.y), now.gaze, int(now.seed), now.forced)


def _prompt(field: Field) -> str:
    """What the empty stage says."""
    current = picture.current()
    if current is not None and not current.is_one:
        return ONE_PLEASE
    return PROMPT_FOR_LARGER if field.is_larger else PROMPT


def show_viewer(
    scene: Scene | None,
    key: str,
    field: Field,
    name: str | None,
    *,
    gets: ModelInput | None = None,
    is_covered: bool = False,
    example: Scene | None = None,
) -> None:
    """The viewer of that key, with what the user has asked about the scene, which the model of that name saw."""
    now = settings.current()
    glimpse_viewer(
        scene,
        gets=gets,
        is_covered=is_covered,
        prompt=_prompt(field),
        example=example,
        key=key,
        options=ViewerOptions(
            *(now.speed, now.seen == "only", now.play == "yes", now.elsewhere, now.policy),
            inside=now.inside if key == VIEWER else "",
        ),
        move=steering.last_move(),
        can_undo=steering.can_undo(),
        elsewhere=_elsewhere(scene, key, name or ""),
        looks=_looks(scene, name or ""),
        calls=ViewerCalls(
            on_option=functools.partial(_take_options, key),
            on_move=functools.partial(_take_move, key),
            on_undo=steering.undo,
            on_own_way=steering.own_way,
            on_ask=functools.partial(_take_question, key),
        ),
    )


def _elsewhere(scene: Scene | None, key: str, name: str) -> Elsewhere | None:
    """What has been asked about this look, computed where it has not been yet."""
    if scene is None:
        return None
    now = settings.current()
    question = steering.question_about(scene.identity, key)
    if question is None or now.elsewhere == "no" or question.glimpse > scene.steps:
        return None
    if (found := steering.answer()) is None:
        # Other sessions go on meanwhile.
        with aside():
            model = load_model(name, now.device)
            found = look_elsewhere(model, scene.image, look_request(name), question.glimpse, scene.asked_class)
        steering.keep_answer(found)
    return found


def _looks(scene: Scene | None, name: str) -> Looks | None:
    """Several looks of the sampled gaze, where the user wants to see them."""
    now = settings.current()
    if scene is None or now.policy != "looks":
        return None
    return sampled_looks(load_model(name, now.device), scene.image, look_request(name))


def _take_move(key: str) -> None:
    if (move := read_move(widgets.sent(key, "move"))) is not None:
        steering.move_glimpse(*move)


def _take_question(key: str) -> None:
    match widgets.sent(key, "ask"):
        case {"glimpse": int(glimpse), "by": str(by)} if glimpse >= 1:
            steering.ask(Question(key, glimpse))
            settings.keep_viewer_options(elsewhere=by)


def _take_options(key: str) -> None:
    settings.keep_viewer_options(**{name: widgets.sent(key, name) for name in ViewerOptions._fields})
