"""Watch it learn: how a model's scan paths of a few fixed digits change while it is trained."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt

from app.components import component
from app.figures.palette import step_colors
from app.look.light import LIGHT
from app.look.training_replay import TrainingReplay

_mount = component("learning")


def learning_viewer(lesson: str | None, *, prompt: str, key: str) -> Any:
    """Shows a lesson at its newest reading; new readings of the same run are followed or added in place.

    Args:
        lesson: what to show, as `lesson_json` wrote it, once for all who watch; None for the empty stage.
        prompt: what the empty stage says.
        key: identifies the viewer on the page.
    """
    return _mount(data={"lesson": lesson, "prompt": prompt, "light": LIGHT._asdict()}, key=key)


def lesson_json(lesson: TrainingReplay) -> str:
    """What the browser needs of a lesson, as text."""
    return json.dumps(lesson_data(lesson), separators=(",", ":"))


def lesson_data(lesson: TrainingReplay) -> dict[str, Any]:
    """What the browser needs of a lesson, as plain lists.

    Locations, values and probabilities are rounded to 3 decimals, accuracies to 1. `id` names the run
    and its digits and stays while readings are added; `version` changes with the readings.
    """
    answers = lesson.answers
    sure = np.take_along_axis(lesson.class_probs[:, :, -1], answers[:, :, None], axis=2).squeeze(axis=2)
    content = {
        "labels": lesson.labels.tolist(),
        "classes": list(lesson.classes),
        "size": lesson.glimpse_size,
        "scales": lesson.corners.shape[3],
        "colors": step_colors(lesson.locations.shape[2]),
    }
    readings = {
        "steps": lesson.steps.tolist(),
        "epochs": _rounded(lesson.epochs, 3),
        "locations": _rounded(lesson.locations, 3),
        "corners": lesson.corners.tolist(),
        "answers": answers.tolist(),
        "sure": _rounded(sure, 3),
        "values": _rounded(lesson.values[:, :, -1], 3),
        "accuracy": [None if np.isnan(percent) else round(percent, 1) for percent in lesson.accuracy.tolist()],
    }
    identity = _digest(lesson.run.encode(), repr(content).encode(), repr(lesson.images.shape).encode(), lesson.images)
    return {
        "id": identity,
        "version": _digest(identity.encode(), repr(readings).encode()),
        "shape": list(lesson.images.shape[1:]),
        "images": [base64.b64encode(image.tobytes()).decode() for image in lesson.images],
        **content,
        **readings,
    }


def _rounded(numbers: npt.NDArray, decimals: int) -> Any:
    # As doubles: a rounded single would be written with all its digits.
    return np.round(numbers.astype(np.float64), decimals).tolist()


def _digest(*parts: Any) -> str:
    return hashlib.sha256(b"".join(bytes(part) for part in parts)).hexdigest()[:16]
