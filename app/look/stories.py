"""What the units of a model answer to: the test digits, and the places in them, that excite each one most."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st
import torch

from app.look.cost import look_cost
from app.look.field import Arrangement
from app.look.inside import layers_of
from app.look.layout import lay_out, milliseconds_of_many, model_field
from app.look.scene import Floats
from app.look.sources import digit_picture
from app.server.catalogue import checkpoint_path
from app.server.models import load_model, modified, test_digits
from app.server.one_at_a_time import aside

SAMPLE = 500  # test digits at most ...
LONGEST_MS = 2000.0  # ... and as many as this is enough for, which is all of them for our own models
MOST_NUMBERS = 4_000_000  # activations that are computed together
EXAMPLES = 6
RECTIFIED = ("what", "where", "feature", "hidden")  # of these a unit can be dead: of an LSTM's not the hidden state


class Layer(NamedTuple):
    """How the units of a layer answered to the N digits of a sample."""

    best: Floats
    """(N, units), the largest activation over the glimpses at each digit."""
    glimpses: npt.NDArray[np.int16]
    """(N, units), the glimpse (from 0) at which that was."""

    @property
    def never(self) -> list[int]:
        """The units that were active at no glimpse."""
        return [int(unit) for unit in np.flatnonzero(self.best.max(axis=0) <= 0)]


class Sample(NamedTuple):
    """What a model did with the first N test digits, with its mean locations, from the centre."""

    labels: npt.NDArray[np.int64]
    corners: npt.NDArray[np.int64]
    """(N, G, 2), (x, y) of the top-left pixel of each finest window."""
    layers: dict[str, Layer]

    def never(self, use_lstm: bool) -> dict[str, list[int]]:
        """The dead units of each layer in which there can be such."""
        names = [name for name in RECTIFIED if not (use_lstm and name == "hidden")]
        return {name: self.layers[name].never for name in names}


class Example(NamedTuple):
    """A glimpse at a test digit that excites a unit."""

    position: int
    """In the test set."""
    label: int
    glimpse: int
    """From 1."""
    activation: float
    image: Floats
    corner: tuple[int, int]
    """(x, y) of the window's top-left pixel."""
    patch: Floats
    """What the window showed."""


class Story(NamedTuple):
    """What excites a unit."""

    examples: list[Example]
    """The strongest first, each of another digit; none if it is dead."""
    active: int
    """At how many digits of the sample it is active."""
    digits: int
    by_label: Floats
    """(10,), the mean of its largest activations at the digits of each label."""


def sample_of(name: str) -> Sample:
    """Lets the model of that name look at the first test digits.

    Raises:
        CheckpointError: the model's file is missing or unusable.
        DataError: the test digits are missing or damaged.
        ValueError: no images for this model can be made here.
    """
    return _sample_of(name, modified(checkpoint_path(name)))


# Each takes some megabytes at most. A run that trains on changes its file.
@st.cache_resource(max_entries=16, show_spinner=False)
def _sample_of(name: str, version: int) -> Sample:
    digits, model, field = test_digits(), load_model(name), model_field(name)
    cost = look_cost(model.config, field.side)
    enough = int(LONGEST_MS / milliseconds_of_many(cost, field))
    count = min(SAMPLE, max(enough, EXAMPLES), len(digits.labels))
    numbers = model.config.num_glimpses * 8 * max(model.config.hidden_size, model.config.glimpse_hidden_size)
    batch = max(min(count, MOST_NUMBERS // (numbers + cost.levels + cost.padded)), 1)
    corners: list[npt.NDArray[np.int64]] = []
    layers: dict[str, list[Layer]] = {}
    with aside(), torch.inference_mode():
        for positions in torch.arange(count).split(batch):
            images = torch.from_numpy(np.stack([_image(name, int(position)) for position in positions]))
            start = torch.zeros(len(images), 2)
            episode = model.episode(images, sample_locations=False, initial_location=start)
            finest = model.glimpse_sensor.corners(episode.locations, *images.shape[1:])[:, :, 0]
            corners.append(finest.transpose(0, 1).numpy())
            for layer, numbers_of in layers_of(model, episode).items():
                best, glimpses = numbers_of.max(dim=0)
                layers.setdefault(layer, []).append(Layer(best.numpy(), glimpses.to(torch.int16).numpy()))
    gathered = {layer: Layer(*(np.concatenate(part) for part in zip(*of, strict=True))) for layer, of in layers.items()}
    return Sample(digits.labels[:count].numpy(), np.concatenate(corners), gathered)


def story(name: str, layer: str, unit: int) -> Story:
    """What excites a unit (from 0) of a layer; raises what `sample_of` does.

    Raises:
        IndexError: the model has no such unit.
    """
    sample = sample_of(name)
    best, glimpses = (numbers[:, unit] for numbers in sample.layers[layer])
    order = [int(digit) for digit in np.argsort(-best, kind="stable")[:EXAMPLES] if best[digit] > 0]
    examples = [_example(name, sample, digit, int(glimpses[digit]), float(best[digit])) for digit in order]
    means = [best[sample.labels == label].mean() if (sample.labels == label).any() else 0.0 for label in range(10)]
    return Story(examples, int((best > 0).sum()), len(best), np.array(means, np.float32))


def _example(name: str, sample: Sample, digit: int, glimpse: int, activation: float) -> Example:
    left, top = (int(edge) for edge in sample.corners[digit, glimpse])
    size = load_model(name).config.glimpse_size
    image = _image(name, digit)
    patch = np.pad(image, size)[top + size : top + 2 * size, left + size : left + 2 * size]
    return Example(digit, int(sample.labels[digit]), glimpse + 1, activation, image, (left, top), patch)


def _image(name: str, position: int) -> Floats:
    """A test digit as the Draw page would lay it out for this model at first."""
    digits = test_digits()
    return lay_out(digit_picture(digits, position), model_field(name), Arrangement(), digits)
