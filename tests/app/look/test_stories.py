"""What excites a unit, against the specification in NumPy."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from app.figures.excited import example_png, patch_png
from app.look.stories import EXAMPLES, SAMPLE, sample_of, story
from app.views.story_panel import story_in_html
from ram.data.mnist import load_mnist
from tests.app.look.test_inside import weights_of
from tests.app.look.test_numbers_by_numpy import linear, remember, see


@pytest.mark.parametrize("name", ["mnist", "mnist-lstm"])
def test_strongest_glimpse_of_a_digit_is_the_one_that_numpy_finds(name: str) -> None:
    weights, sample, digits = weights_of(name), sample_of(name), load_mnist("test")
    for position in (0, 17, 499):
        image = digits.images[position].numpy().astype(np.float64) / 255
        location, hidden, cell, states, corners = np.zeros(2), np.zeros(256), np.zeros(256), [], []
        for _ in range(6):
            corner, patch = see(image, location, 8, 1)
            what = np.maximum(linear(weights, "glimpse_network.glimpse_encoder", patch.ravel()), 0)
            where = np.maximum(linear(weights, "glimpse_network.location_encoder", location), 0)
            feature = np.maximum(linear(weights, "glimpse_network.combine", np.concatenate([what, where])), 0)
            hidden, cell = remember(weights, feature, hidden, cell)
            states.append(hidden)
            corners.append(corner[0])
            location = np.tanh(linear(weights, "location_network.linear", hidden))
        assert sample.layers["hidden"].best[position] == pytest.approx(np.max(states, axis=0), abs=5e-4)
        unit = int(np.max(states, axis=0).argmax())
        glimpse = int(sample.layers["hidden"].glimpses[position, unit])
        assert glimpse == int(np.argmax(states, axis=0)[unit])
        assert sample.corners[position].tolist() == corners
        assert sample.labels[position] == digits.labels[position]


def test_story_has_the_strongest_digits_first_and_counts_the_others() -> None:
    sample = sample_of("mnist")
    found = story("mnist", "hidden", 102)
    best = sample.layers["hidden"].best[:, 102]
    assert found.digits == len(best) == SAMPLE
    assert [example.activation for example in found.examples] == sorted(best.tolist(), reverse=True)[:EXAMPLES]
    assert len({example.position for example in found.examples}) == EXAMPLES
    assert found.active == int((best > 0).sum())
    assert found.by_label == pytest.approx([best[sample.labels == label].mean() for label in range(10)], abs=1e-5)
    example = found.examples[0]
    digit, (left, top) = load_mnist("test").images[example.position].numpy(), example.corner
    assert example.image.tolist() == (digit / np.float32(255)).tolist()
    seen = np.pad(digit, 8)[top + 8 : top + 16, left + 8 : left + 16]
    assert example.patch == pytest.approx(seen / 255, abs=1e-6)
    with pytest.raises(IndexError):
        story("mnist", "hidden", 256)


def test_dead_unit_is_one_that_no_glimpse_makes_active() -> None:
    sample = sample_of("mnist")
    never = sample.never(use_lstm=False)
    assert never.keys() == {"what", "where", "feature", "hidden"}
    for layer, units in never.items():
        assert units == [int(unit) for unit in np.flatnonzero((sample.layers[layer].best <= 0).all(axis=0))]
    dead = story("mnist", "hidden", never["hidden"][0])
    assert (dead.examples, dead.active) == ([], 0)
    assert "None of the glimpses at 500 test digits" in story_in_html(dead)
    assert "hidden" not in sample_of("mnist-lstm").never(use_lstm=True)  # its units fall below 0


def test_picture_lights_up_what_lies_in_the_window() -> None:
    example = story("mnist", "hidden", 102).examples[0]._replace(corner=(-3, 20))
    image = Image.open(io.BytesIO(example_png(example)))
    patch = Image.open(io.BytesIO(patch_png(example)))
    assert (image.size, patch.size) == ((112, 112), (8, 8))
    assert image.getpixel((8, 96)) != image.getpixel((100, 8))  # paper that was seen, and a field that was not
    assert story_in_html(story("mnist", "hidden", 102)).count("<img") == 2 * EXAMPLES
