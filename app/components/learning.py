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
from app.look.rewards import WORDS
from app.look.training_replay import TrainingReplay

_mount = component("learning")


def learning_viewer(replay: str | None, *, prompt: str, key: str, plays: bool = False) -> Any:
    """Shows a training's replay at its newest reading; new readings of the same run are followed or added in place.

    Args:
        replay: what to show, as `replay_json` wrote it, once for all who watch; None for the empty stage.
        prompt: what the empty stage says.
        key: identifies the viewer on the page.
        plays: whether it begins by playing the replay from its first reading.
    """
    return _mount(data={"replay": replay, "prompt": prompt, "plays": plays, "light": LIGHT._asdict()}, key=key)


def replay_json(replay: TrainingReplay) -> str:
    """What the browser needs of a replay, as text."""
    return json.dumps(replay_data(replay), separators=(",", ":"))


def replay_data(replay: TrainingReplay) -> dict[str, Any]:
    """What the browser needs of a replay, as plain lists.

    Locations, values and probabilities are rounded to 3 decimals, accuracies to 1. `id` names the run
    and its digits and stays while readings are added; `version` changes with the readings.
    """
    answers = replay.answers
    sure = np.take_along_axis(replay.class_probs[:, :, -1], answers[:, :, None], axis=2).squeeze(axis=2)
    content = {
        "labels": replay.labels.tolist(),
        "classes": list(replay.classes),
        "size": replay.glimpse_size,
        "scales": replay.corners.shape[3],
        "colors": step_colors(replay.locations.shape[2]),
        "value_name": WORDS[replay.reward].value,
        "explains": WORDS[replay.reward].sentence,
    }
    readings = {
        "steps": replay.steps.tolist(),
        "epochs": _rounded(replay.epochs, 3),
        "locations": _rounded(replay.locations, 3),
        "corners": replay.corners.tolist(),
        "answers": answers.tolist(),
        "sure": _rounded(sure, 3),
        "values": _rounded(replay.values[:, :, -1], 3),
        "accuracy": [None if np.isnan(percent) else round(percent, 1) for percent in replay.accuracy.tolist()],
    }
    identity = _digest(replay.run.encode(), repr(content).encode(), repr(replay.images.shape).encode(), replay.images)
    return {
        "id": identity,
        "version": _digest(identity.encode(), repr(readings).encode()),
        "shape": list(replay.images.shape[1:]),
        "images": [base64.b64encode(image.tobytes()).decode() for image in replay.images],
        **content,
        **readings,
    }


def _rounded(numbers: npt.NDArray, decimals: int) -> Any:
    # As doubles: a rounded single would be written with all its digits.
    return np.round(numbers.astype(np.float64), decimals).tolist()


def _digest(*parts: Any) -> str:
    return hashlib.sha256(b"".join(bytes(part) for part in parts)).hexdigest()[:16]
