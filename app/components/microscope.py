"""The microscope: a policy's Gaussian on a digit, sampled looks with what each pushes the mean to, and the numbers."""

from __future__ import annotations

import hashlib
from typing import Any

from app.components import component
from app.components.viewer import scene_data
from app.look.light import LIGHT
from app.look.microscope import Draw, Setup, advantages, arrows, baselines, push, spread
from app.look.observing import Observation

_mount = component("microscope")
_mount_gradients = component("gradients")


def microscope(
    found: Observation | None, setup: Setup | None, *, prompt: str, steps: int, call: int, hint: str, key: str
) -> Any:
    """Shows an observation.

    Args:
        found: what to show; None for the empty stage.
        setup: what it was found in.
        prompt: what the empty stage says.
        steps: how many were taken.
        call: a new number, other than 0, brings it into view.
        hint: what to look at, as a sentence; empty for nothing.
        key: identifies it on the page.
    """
    shown = None if found is None or setup is None else observation_data(found, setup, steps)
    data = {"shown": shown, "prompt": prompt, "call": call, "hint": hint, "light": LIGHT._asdict()}
    return _mount(data=data, key=key)


def observation_data(found: Observation, setup: Setup, steps: int) -> dict[str, Any]:
    """What the browser needs of an observation, as plain lists. Places and pushes are in [-1, 1]'s unit."""
    content = {
        **_draw_data(found.draw, setup),
        "scene": scene_data(found.scene),
        "move": setup.move,
        "std": setup.std,
        "baseline": setup.baseline,
        "reward": setup.reward,
        "label": setup.label,
        "steps": steps,
        "trail": [[*mean] for mean in found.means],
        "earned_before": found.earned[0],
        "earned_now": found.earned[1],
        "redraws": {
            kind: {"pushes": [each.tolist() for each in pushes], "spread": spread(pushes)}
            for kind, pushes in sorted(found.redraws.items())
        },
    }
    return {"id": hashlib.sha256(repr(content).encode()).hexdigest()[:16], **content}


def _draw_data(draw: Draw, setup: Setup) -> dict[str, Any]:
    looks, every = draw.looks, arrows(draw.looks, setup.std, setup.baseline)
    return {
        "mean": looks.mean.tolist(),
        "samples": looks.samples.tolist(),
        "ways": looks.locations[:, setup.move :].tolist(),
        "answers": looks.answers.tolist(),
        "probs": looks.probs.tolist(),
        "rewards": looks.rewards.tolist(),
        "baselines": baselines(looks.rewards.astype(float), looks.value, setup.baseline).tolist(),
        "advantages": advantages(looks, setup.baseline).tolist(),
        "value": looks.value,
        "push": push(looks, setup.std, setup.baseline).tolist(),
        "arrows_mean": every.mean(axis=0).tolist(),
        "gradient": draw.gradient.tolist(),
    }


def gradients(found: Observation, setup: Setup, *, call: int, hint: str, key: str) -> Any:
    """Shows which networks the gradient of each part of the loss reaches, and where it is cut; the rest as above."""
    return _mount_gradients(data={**gradients_data(found, setup), "call": call, "hint": hint}, key=key)


def gradients_data(found: Observation, setup: Setup) -> dict[str, Any]:
    """What the browser needs of the gradients."""
    through = found.through
    return {
        "norms": found.draw.norms,
        "follows": list(setup.follows),
        "through": None
        if through is None
        else {
            "crop": through.crop_has_derivative,
            "slope": through.slope.tolist(),
            "moved": through.moved.tolist(),
            "shifts": through.shifts.tolist(),
            "along": through.along.tolist(),
        },
    }
