"""One look of a model at one image, as plain arrays: what the viewer, the charts and the exports draw."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from app.look.rewards import WORDS, RewardWords

if TYPE_CHECKING:
    from ram.config import Reward

SURE = 0.5  # as in ram.digit_check, which imports PyTorch
Floats = npt.NDArray[np.float32]


def image_in_words(width: int, height: int, pieces: int) -> list[str]:
    """What an image is, apart from the digit in it: its size, and the pieces of clutter if there are any."""
    clutter = [f"{pieces} piece{'' if pieces == 1 else 's'} of clutter"] if pieces else []
    return [f"{width}×{height} pixels", *clutter]


@dataclasses.dataclass(frozen=True)
class Scene:
    """G glimpses at S scales of an H x W image, and what they led to among C classes."""

    image: Floats
    """(H, W), grey levels in [0, 1], 0 is paper."""
    locations: Floats
    """(G, 2), (x, y) in [-1, 1], (-1, -1) is the top-left corner; the first is the initial location."""
    location_means: Floats
    """(G, 2), the policy's means; for the first the location itself."""
    location_std: float
    """Standard deviation the locations were sampled with; 0 if they are the means."""
    corners: npt.NDArray[np.int64]
    """(G, S, 2), (x, y) of each window's top-left pixel, negative beyond the border."""
    patches: Floats
    """(G, S, glimpse_size, glimpse_size), finest scale first, grey levels in [0, 1]."""
    values: Floats
    """(G,), the value network's estimate, after each glimpse, of the reward at the end."""
    class_probs: Floats
    """(G, C), the action network read after each glimpse."""
    model: str
    """Name of the checkpoint."""
    settings: dict[str, str | int | float]
    """What the look was asked to be: first glimpse, gaze, seed, where the image came from and what else lies in it."""
    classes: tuple[str, ...] = ()
    """Names of the C classes; empty where these are their numbers."""
    reward: Reward = "hit"
    """What the values expect."""
    policy_std: float = 0.0
    """The location policy's own standard deviation, whether or not the locations were sampled."""
    truth: int | None = None
    """The right class, where it is known."""
    forced: tuple[int, ...] = ()
    """Indices of the glimpses, from 0, that were made to look elsewhere than the model would have."""
    own: Scene | None = None
    """What the same look would have been of the model's own accord; None where nothing was forced."""
    is_digit: bool = True
    """Whether the drawing is a digit at all, by the model's digit check; True where it has none."""

    @functools.cached_property
    def identity(self) -> str:
        """The same for equal scenes, and for no others."""
        digest = hashlib.sha256()
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                digest.update(repr(value.shape).encode() + value.tobytes())
            else:
                digest.update((value.identity if isinstance(value, Scene) else repr(value)).encode())
        return digest.hexdigest()[:16]

    @property
    def sureness(self) -> Floats:
        """(G,), the largest class probability after each glimpse: how sure the model is if it stops there."""
        return self.class_probs.max(axis=1)

    @property
    def words(self) -> RewardWords:
        """What the values expect, in words."""
        return WORDS[self.reward]

    @property
    def steps(self) -> int:
        """Number of glimpses."""
        return len(self.values)

    @property
    def action(self) -> int:
        """The most probable class after the last glimpse."""
        return int(self.class_probs[-1].argmax())

    @property
    def field(self) -> str:
        """The image in words: its size, and the clutter in it."""
        height, width = self.image.shape
        return " with ".join(image_in_words(width, height, int(self.settings.get("clutter", 0))))

    @property
    def class_names(self) -> tuple[str, ...]:
        """A name for every class."""
        return self.classes or tuple(map(str, range(self.class_probs.shape[1])))

    @property
    def is_sure(self) -> bool:
        """Whether the image shows a digit, and the answer is more likely right than wrong."""
        return self.is_digit and self._is_likely

    @property
    def _is_likely(self) -> bool:
        return float(self.class_probs[-1].max()) >= SURE

    @property
    def answer(self) -> str:
        """The answer in words, with its probability in percent; or that it is none, and why."""
        probs = self.class_probs[-1]
        name, percent = self.class_names[self.action], 100 * float(probs.max())
        if self.is_sure:
            return f"RAM says {name} ({percent:.1f} %)"
        if self._is_likely:  # its probability means something only if there is a digit
            return f"RAM doubts that this is a digit: perhaps {name}"
        if probs.max() < min(0.2, 2 / len(probs)):  # of ten classes: not even twice as likely as by chance
            return "RAM cannot tell: nothing is likely"
        return f"RAM is not sure: perhaps {name} ({percent:.0f} %)"

    @property
    def answer_in_short(self) -> str:
        """The answer of a look that stands beside another."""
        return f"of its own accord: {self.class_names[self.action]} ({100 * float(self.class_probs[-1].max()):.1f} %)"

    @property
    def own_way(self) -> Scene:
        """The look of the model's own accord."""
        return self.own or self

    @property
    def asked_class(self) -> int:
        """Whose probability is compared where looks differ: the right class, else what the model says by itself."""
        return self.own_way.action if self.truth is None else self.truth

    @property
    def flip(self) -> int | None:
        """Index of the glimpse from which on another class is the most probable than of the model's own accord.

        None if the answers are the same in the end.
        """
        same = self.class_probs.argmax(axis=-1) == self.own_way.class_probs.argmax(axis=-1)
        return None if same[-1] else max((int(step) + 1 for step in same.nonzero()[0]), default=0)

    def window_size(self, scale: int) -> int:
        """Side of the image region, in pixels, that the patch at `scale` covers."""
        return int(self.patches.shape[-1]) * 2**scale
