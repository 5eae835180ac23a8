"""Every number of a look, computed a second time: the specification in NumPy, which shares no code with the model."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.numpy import load_file

from app.components.viewer import scene_data
from app.figures.numbers import scene_rows
from app.look.looking import LookRequest, look
from app.look.microscope import LOOKS, Setup, draw_looks
from ram.checkpoints import DIGIT_CHECK, SHIPPED, load_checkpoint, parameter_count, read_info
from ram.config import Baseline, Reward
from ram.data.mnist import load_mnist
from ram.evaluation import digits_of

Weights = dict[str, npt.NDArray[np.float64]]
Array = npt.NDArray[np.float64]


def linear(weights: Weights, name: str, value: Array) -> Array:
    return weights[f"{name}.weight"] @ value + weights[f"{name}.bias"]


def sigmoid(value: Array) -> Array:
    return 1 / (1 + np.exp(-value))


def see(image: Array, location: Array, size: int, scales: int) -> tuple[list[list[int]], Array]:
    """The corner (x, y) of each window, and the patches: means of 2^s x 2^s pixels, with zeros beyond the border."""
    side = len(image)
    middle = [int((coordinate + 1) / 2 * side + 0.5) for coordinate in location]
    corners, patches = [], []
    for scale in range(scales):
        cell = 2**scale
        left, top = (place - size * cell // 2 for place in middle)
        patch = np.zeros((size, size))
        for row in range(size * cell):
            for column in range(size * cell):
                y, x = top + row, left + column
                if 0 <= y < side and 0 <= x < side:
                    patch[row // cell, column // cell] += image[y, x] / cell**2
        corners.append([left, top])
        patches.append(patch)
    return corners, np.stack(patches)


def remember(weights: Weights, glimpse: Array, hidden: Array, cell: Array) -> tuple[Array, Array]:
    if "core_network.lstm.weight_ih_l0" not in weights:
        both = linear(weights, "core_network.input_linear", glimpse) + linear(
            weights, "core_network.hidden_linear", hidden
        )
        return np.maximum(both, 0), cell
    name = "core_network.lstm"
    gates = weights[f"{name}.weight_ih_l0"] @ glimpse + weights[f"{name}.bias_ih_l0"]
    gates = gates + weights[f"{name}.weight_hh_l0"] @ hidden + weights[f"{name}.bias_hh_l0"]
    enter, keep, new, out = np.split(gates, 4)
    cell = sigmoid(keep) * cell + sigmoid(enter) * np.tanh(new)
    return sigmoid(out) * np.tanh(cell), cell


def walk(
    weights: Weights, image: Array, *, size: int, scales: int, glimpses: int, noise: Array | None = None
) -> dict[str, Any]:
    """A look that begins at the centre and follows the policy's means, to which the noise (moves, 2) is added."""
    location, hidden, cell = np.zeros(2), np.zeros(256), np.zeros(256)
    found: dict[str, Any] = {"locations": [], "corners": [], "patches": [], "values": [], "probabilities": []}
    found["means"], found["samples"] = [], []
    for step in range(glimpses):
        corners, patches = see(image, location, size, scales)
        what = np.maximum(linear(weights, "glimpse_network.glimpse_encoder", patches.ravel()), 0)
        where = np.maximum(linear(weights, "glimpse_network.location_encoder", location), 0)
        glimpse = np.maximum(linear(weights, "glimpse_network.combine", np.concatenate([what, where])), 0)
        hidden, cell = remember(weights, glimpse, hidden, cell)
        logits = linear(weights, "action_network.linear", hidden)
        odds = np.exp(logits - logits.max())
        found["locations"].append(location)
        found["corners"].append(corners)
        found["patches"].append(patches)
        found["values"].append(float(linear(weights, "value_network.linear", hidden)[0]))
        found["probabilities"].append(odds / odds.sum())
        mean = np.tanh(linear(weights, "location_network.linear", hidden))
        sample = mean if noise is None or step == glimpses - 1 else mean + noise[step]
        found["means"].append(mean)
        found["samples"].append(sample)
        location = sample.clip(-1, 1)
    return found


@pytest.mark.parametrize("name", ["mnist", "mnist-lstm", "cluttered-60"])
@pytest.mark.parametrize("position", [340, 7])
def test_look_shows_the_numbers_that_the_specification_gives(name: str, position: int) -> None:
    path = SHIPPED / f"{name}.safetensors"
    info, weights = read_info(path), {key: value.astype(np.float64) for key, value in load_file(path).items()}
    digits = digits_of(info, "test") if info.image_size > 28 else load_mnist("test")
    image = (digits.images[position].numpy() / np.float32(255)).astype(np.float32)
    config = info.config
    wanted = walk(
        weights,
        image.astype(np.float64),
        size=config.glimpse_size,
        scales=config.num_scales,
        glimpses=config.num_glimpses,
    )
    scene = look(load_checkpoint(path, "cpu"), image, LookRequest(first="centre"), "test")
    assert scene.locations == pytest.approx(np.stack(wanted["locations"]), abs=1e-4)
    assert scene.corners.tolist() == wanted["corners"]
    assert scene.patches == pytest.approx(np.stack(wanted["patches"]), abs=1e-5)
    assert scene.values == pytest.approx(np.array(wanted["values"]), abs=1e-4)
    assert scene.class_probs == pytest.approx(np.stack(wanted["probabilities"]), abs=1e-4)
    best = wanted["probabilities"][-1]
    assert scene.action == int(best.argmax())
    assert scene.sureness == pytest.approx(np.stack(wanted["probabilities"]).max(axis=1), abs=1e-4)
    # What the viewer and the table get are these numbers, not others.
    data, rows = scene_data(scene), scene_rows(scene)
    assert data["values"] == pytest.approx(wanted["values"], abs=1e-4)
    assert data["windows"] == [config.glimpse_size * 2**scale for scale in range(config.num_scales)]
    assert [row["probability (%)"] for row in rows] == pytest.approx(
        [100 * float(probs.max()) for probs in wanted["probabilities"]], abs=0.01
    )
    assert parameter_count(config) == sum(w.size for name, w in weights.items() if name not in DIGIT_CHECK.values())


@pytest.mark.parametrize("reward", ["hit", "information"])
@pytest.mark.parametrize("name", ["mnist", "mnist-lstm"])
def test_microscope_shows_the_numbers_that_the_specification_gives(name: str, reward: Reward) -> None:
    path, position, move, std, seed = SHIPPED / f"{name}.safetensors", 18, 2, 0.4, 3
    weights = {key: value.astype(np.float64) for key, value in load_file(path).items()}
    digits, glimpses = load_mnist("test"), read_info(path).config.num_glimpses
    image, label = (digits.images[position].numpy() / np.float32(255)).astype(np.float32), int(digits.labels[position])
    setup = Setup(image.tobytes(), label, (0.0, 0.0), move, std, reward=reward)
    model = load_checkpoint(path, "cpu")
    found = draw_looks(model, setup, seed)
    # Only what is random comes from PyTorch.
    noise = torch.zeros(glimpses - 1, LOOKS, 2).normal_(std=std, generator=torch.Generator().manual_seed(seed)).numpy()
    noise[: move - 1] = 0
    arrows: dict[Baseline, list[Array]] = {"none": [], "value": [], "rollouts": []}
    looks = [
        walk(weights, image.astype(np.float64), size=8, scales=1, glimpses=glimpses, noise=noise[:, look])
        for look in range(LOOKS)
    ]
    probs = np.array([one["probabilities"][-1][label] for one in looks])
    right = np.array([one["probabilities"][-1].argmax() == label for one in looks])
    earned = right.astype(float) if reward == "hit" else np.maximum(1 + np.log(probs) / np.log(10), 0)
    for place, one in enumerate(looks):
        mean, sample, value = one["means"][move - 1], one["samples"][move - 1], one["values"][move - 1]
        assert found.looks.mean == pytest.approx(mean, abs=1e-4)
        assert found.looks.samples[place] == pytest.approx(sample, abs=1e-4)
        assert found.looks.locations[place] == pytest.approx(np.stack(one["locations"]), abs=1e-4)
        assert found.looks.value == pytest.approx(value, abs=1e-4)
        others = np.delete(earned, place).mean()
        expected: dict[Baseline, float] = {"none": 0.0, "value": value, "rollouts": others}
        for baseline, subtracted in expected.items():
            arrows[baseline].append((earned[place] - subtracted) * (sample - mean) / std**2)
    assert found.looks.rewards == pytest.approx(earned, abs=1e-4)
    assert 0 < earned.sum() < LOOKS
    for baseline, several in arrows.items():
        gradient = draw_looks(model, dataclasses.replace(setup, baseline=baseline), seed).gradient
        assert gradient == pytest.approx(np.mean(several, axis=0), abs=1e-3)
