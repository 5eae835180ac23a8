"""What the curves of a training say, each in one sentence, from the run's own readings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.figures.curves import Curves, column
from app.look.rewards import WORDS
from app.runs.estimate import briefly

LATEST = 5  # readings whose mean is where a curve is now
FEW = 3  # readings with which a run has only begun
MEET = 0.03  # reward and value that differ by no more have met ...
SWINGS = 0.1  # ... unless their single readings differ by more than this on average: then they only cross
FALL = 0.1  # of the reward, by which it has become worse and not only noisier
GUESSING = 0.2  # reward of a model that has learned little
STILL = 0.05  # spread, of the 2 from edge to edge, below which a gaze looks at the same places whatever it sees
FROZEN = 0.5  # share of its largest spread below which a gaze has frozen
WORSE = 2.0  # points of accuracy that count as lost, or as memorised
RISING = 0.5  # points of accuracy in the last third that count as rising
REPEATED = 2  # whole epochs from which on digits can have been memorised: in the first one, all are new
ABOUT_ZERO = 0.5  # REINFORCE's mean in a run with a baseline, at most


class _Series(NamedTuple):
    """The readings of one quantity; at least one."""

    seconds: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]

    @property
    def now(self) -> float:
        return float(self.values[-LATEST:].mean())

    @property
    def peak(self) -> float:
        """The highest that a few readings in a row have been on average."""
        width = min(LATEST, len(self.values))
        return float(np.convolve(self.values, np.full(width, 1 / width), "valid").max())

    @property
    def rise(self) -> float:
        """By how much it is higher now than before the last third, both as the mean of a few readings."""
        return self.now - float(self.values[: len(self.values) * 2 // 3][-LATEST:].mean())


def sentences(runs: Sequence[Curves]) -> dict[str, str]:
    """One sentence for each chart, by its name; of two runs one each, after the run's name. Empty without readings."""
    kinds = {
        "accuracy": accuracy_sentence,
        "reward": reward_sentence,
        "loss": loss_sentence,
        "spread": spread_sentence,
    }
    if len(runs) == 1:
        return {name: sentence(runs[0]) for name, sentence in kinds.items()}
    said = {name: [(run.name, sentence(run)) for run in runs] for name, sentence in kinds.items()}
    return {name: "\n".join(f"{run}: {text}" for run, text in texts if text) for name, texts in said.items()}


def accuracy_sentence(run: Curves) -> str:
    """What the accuracy on digits that it does not train on has come to."""
    validation, training = _series(run, "validation_error"), _series(run, "training_error")
    if validation is None or training is None:
        return ""
    right, learned = 100 - validation.values, 100 - float(training.values[-1])
    now, best = float(right[-1]), float(right.max())
    if len(right) < FEW:
        return f"It has only begun, with {now:.0f} of 100 digits right: watch how soon that rises."
    rises = now - right[len(right) * 2 // 3 - 1] > RISING
    if run.is_live and rises:
        return f"{now:.1f} % of new digits are right, and it still rises: watch where it levels off."
    if best - now > WORSE:
        return f"It was right about {best:.1f} % of new digits and now is about {now:.1f} %: it has become worse again."
    if learned - now > WORSE:
        ahead = f"It reads {learned:.1f} % of the digits it trains on and {now:.1f} % of new ones"
        return f"{ahead}{_of_memory(run, rises)}."
    return f"It reads {now:.1f} % of new digits and {learned:.1f} % of those it trains on: it has not memorised them."


def _of_memory(run: Curves, rises: bool) -> str:
    """What it says that digits which it trains on are read better than new ones."""
    epochs = column(run.rows, "epoch")
    if max(epochs[~np.isnan(epochs)], default=0.0) < REPEATED:
        return ", but has seen hardly any twice: it is too early to say why"
    return ", and the latter still rose at the end" if rises else ": it has memorised some of them"


def reward_sentence(run: Curves) -> str:
    """Whether the value has learned to expect the reward, and what becomes of that."""
    reward, value = _series(run, "reward"), _series(run, "value")
    if reward is None or value is None:
        return ""
    name, now, expected = WORDS[run.reward].earned.capitalize(), reward.now, value.now
    if len(reward.values) < FEW:
        says = f"It has only begun: watch the {name.lower()} rise above what a guess earns"
    elif run.is_live and reward.rise > MEET:
        says = _while_it_rises(name.lower(), reward, value)
    elif reward.peak - now > FALL:
        says = f"{name} fell from about {reward.peak:.2f} to {now:.2f}: look at the spread, the gaze may have frozen"
    elif now < GUESSING:
        says = f"{name} is about {now:.2f}, hardly more than a guess earns: there is little to expect yet"
    elif abs(now - expected) <= MEET and _apart(reward, value) > SWINGS:
        says = f"The value still swings about the {name.lower()} ({now:.2f}): it has not learned what to expect yet"
    elif abs(now - expected) <= MEET:
        says = f"{name} and value meet at about {now:.2f}: {_use_of_the_value(run)}"
    elif expected < now:
        says = f"{name} (about {now:.2f}) is ahead of the value ({expected:.2f}), which still expects too little"
    else:
        says = f"The value (about {expected:.2f}) is ahead of the {name.lower()} ({now:.2f}): it expects too much"
    return f"{says}."


def _apart(one: _Series, other: _Series) -> float:
    """How far apart their latest readings are, on average."""
    count = min(len(one.values), len(other.values), LATEST)
    return float(np.abs(one.values[-count:] - other.values[-count:]).mean())


def _while_it_rises(name: str, reward: _Series, value: _Series) -> str:
    place = "is ahead of" if value.now - reward.now > MEET else "follows"
    if value.rise > MEET:
        return f"The value (about {value.now:.2f}) {place} the {name} ({reward.now:.2f}); both still rise"
    return (
        f"{name.capitalize()} (about {reward.now:.2f}) still rises, and the value ({value.now:.2f}) has yet to follow"
    )


def _use_of_the_value(run: Curves) -> str:
    if run.is_pulled:
        return "the value has learned what to expect, and the pull to the digit still moves the gaze"
    if run.gaze != "learned":
        return "the value has learned what to expect, but no gaze learns by it here"
    return {
        "value": "the baseline has learned what to expect, and only surprises move the gaze now",
        "rollouts": "the value has learned what to expect; the baseline here is the mean of the other rollouts",
        "none": "the value knows what to expect, but nothing is subtracted here, and each right answer pushes the gaze",
    }[run.baseline]


def loss_sentence(run: Curves) -> str:
    """What the cross-entropy means as a probability, and why REINFORCE's value means nothing."""
    entropy, reinforce = _series(run, "action_loss"), _series(run, "reinforce_loss")
    if entropy is None or reinforce is None:
        return ""
    if len(entropy.values) < FEW:
        return "It has only begun: watch the cross-entropy fall, by which the answers become right."
    first, last = entropy.values[0], entropy.values[-1]
    return (
        f"Cross-entropy {'fell' if last < first else 'rose'} from {first:.2f} to {last:.2f} nats: the right class "
        f"typically gets {100 * math.exp(-last):.0f} %. {_about_reinforce(run, reinforce)}."
    )


def _about_reinforce(run: Curves, reinforce: _Series) -> str:
    mean = float(reinforce.values[len(reinforce.values) // 2 :].mean())
    signed = f"{mean:.1f}".replace("-", "\N{MINUS SIGN}")
    if run.gaze != "learned":
        return "REINFORCE is drawn, but has no weight"
    if run.baseline == "none" and abs(mean) > ABOUT_ZERO:
        return f"REINFORCE stays far from 0, about {signed}: without a baseline, each right answer counts in full"
    return "REINFORCE's value means nothing, only its slope does"


def spread_sentence(run: Curves) -> str:
    """Whether where it looks depends on what it sees."""
    spread = _series(run, "location_spread")
    if spread is None:
        return ""
    now, peak = float(spread.values[-1]), spread.peak
    if run.gaze == "random":
        says = f"Its places are random from the beginning to the end, with a spread of {now:.2f}: no gaze is learned"
    elif run.is_pulled:
        says = f"A pull to the digit teaches it where to look: its places differ ({now:.2f}) mostly as digits do"
    elif run.gaze == "off":
        says = f"Nothing teaches it where to look: its places differ ({now:.2f}) only as its memory does"
    elif peak >= 2 * STILL and spread.now < FROZEN * peak:
        says = f"The spread fell from {peak:.2f} to {now:.2f}: the gaze freezes, whatever it sees"
    elif spread.now < STILL:
        says = f"The spread is {now:.2f}: it looks at nearly the same places in every image. Watch whether it leaves 0"
    elif run.is_live:
        says = f"The spread has left 0: it has begun to look around, at other places in other images ({now:.2f})"
    else:
        left = float(spread.seconds[np.argmax(spread.values >= STILL)])
        says = f"The spread left 0 after {briefly(left)} and ended at {now:.2f}: what it sees leads the gaze"
    return f"{says}."


def reached_sentence(reached: float, first: float) -> str:
    """How far a recorded run comes beside the first one; accuracies in percent."""
    return f"It reaches {reached:.1f} %, and the first recorded run {first:.1f} %."


def variance_sentence(without: Sequence[float], with_baseline: float) -> str:
    """How far apart runs without a baseline come, beside the one with a baseline.

    Args:
        without: their accuracies in percent; at least two.
        with_baseline: that of the run with a baseline, in percent.
    """
    *others, last = (f"{accuracy:.1f}" for accuracy in without)
    return (
        f"Without a baseline, runs that differ in their seeds alone reach {', '.join(others)} and {last} %. With the "
        f"value as their baseline and the usual weight of REINFORCE, the same minute reaches {with_baseline:.1f} %."
    )


def _series(run: Curves, key: str) -> _Series | None:
    """The readings of a quantity; None if there are none."""
    seconds, values = column(run.rows, "elapsed_s"), column(run.rows, key)
    known = ~np.isnan(seconds) & ~np.isnan(values)
    return _Series(seconds[known], values[known]) if known.any() else None
