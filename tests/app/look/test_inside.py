"""What goes on inside a look, against the specification in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from app.look.inside import Inside, look_inside
from app.look.looking import LookRequest, look
from app.look.scene import Floats
from ram.checkpoints import SHIPPED, load_checkpoint, read_info
from ram.data.mnist import load_mnist
from tests.app.look.test_numbers_by_numpy import Weights, linear, remember, see

REQUESTS = {
    "mean": LookRequest(first="centre"),
    "sampled": LookRequest(first="random", gaze="sampled", seed=7),
    "forced": LookRequest(first="place", place=(0.2, -0.4), gaze="sampled", seed=3, force={3: (-1.0, 0.5), 40: (0, 0)}),
}


def weights_of(name: str) -> Weights:
    return {key: value.astype(np.float64) for key, value in load_file(SHIPPED / f"{name}.safetensors").items()}


def image_of(name: str, position: int = 340) -> Floats:
    """A digit off the middle, with a grey corner so that there is something to see beside it."""
    side = read_info(SHIPPED / f"{name}.safetensors").image_size
    image, place = np.zeros((side, side), np.float32), (side - 28) // 3
    image[place : place + 28, place : place + 28] = load_mnist("test").images[position].numpy() / np.float32(255)
    image[-7:, -9:] = np.linspace(0, 1, 63, dtype=np.float32).reshape(7, 9)
    return image


def look_in(name: str, request: LookRequest) -> Inside:
    return look_inside(load_checkpoint(SHIPPED / f"{name}.safetensors", "cpu"), image_of(name), request)


@pytest.mark.parametrize("name", ["mnist", "mnist-lstm", "translated-60", "cluttered-60", "cluttered-100"])
def test_every_activation_is_the_specifications(name: str) -> None:
    weights, inside = weights_of(name), look_in(name, REQUESTS["forced"])
    _, scales, size, _ = inside.patches.shape
    hidden, cell = np.zeros(256), np.zeros(256)
    for step in range(inside.steps):
        location = inside.locations[step].astype(np.float64)
        assert inside.before("hidden", step) == pytest.approx(hidden, abs=2e-4)
        corners, patches = see(inside.image.astype(np.float64), location, size, scales)
        what = np.maximum(linear(weights, "glimpse_network.glimpse_encoder", patches.ravel()), 0)
        where = np.maximum(linear(weights, "glimpse_network.location_encoder", location), 0)
        feature = np.maximum(linear(weights, "glimpse_network.combine", np.concatenate([what, where])), 0)
        hidden, cell = remember(weights, feature, hidden, cell)
        wanted = {"what": what, "where": where, "feature": feature, "hidden": hidden}
        wanted |= {"cell": cell} if name == "mnist-lstm" else {}
        assert inside.layers.keys() == wanted.keys()
        for layer, numbers in wanted.items():
            assert inside.layers[layer][step] == pytest.approx(numbers, abs=2e-4), layer
        assert inside.corners[step].tolist() == corners
        assert inside.patches[step] == pytest.approx(patches, abs=1e-5)
        assert inside.values[step] == pytest.approx(linear(weights, "value_network.linear", hidden)[0], abs=2e-4)
        assert inside.logits[step] == pytest.approx(linear(weights, "action_network.linear", hidden), abs=1e-3)
        if step + 1 < inside.steps:
            mean = np.tanh(linear(weights, "location_network.linear", hidden))
            assert inside.means[step + 1] == pytest.approx(mean, abs=1e-4)
            sample = np.array([-1.0, 0.5]) if step == 1 else mean + inside.noise[step]
            assert inside.samples[step + 1] == pytest.approx(sample, abs=1e-4)
            assert inside.locations[step + 1] == pytest.approx(sample.clip(-1, 1), abs=1e-4)
            density = -(((sample - mean) / 0.2) ** 2) / 2 - np.log(0.2) - np.log(2 * np.pi) / 2
            assert inside.log_probs[step] == pytest.approx(density.sum(), abs=1e-3)


@pytest.mark.parametrize("kind", REQUESTS)
def test_it_is_the_look_that_the_page_shows(kind: str) -> None:
    model, image = load_checkpoint(SHIPPED / "mnist-lstm.safetensors", "cpu"), image_of("mnist-lstm")
    scene, inside = look(model, image, REQUESTS[kind], "test"), look_inside(model, image, REQUESTS[kind])
    assert inside.locations == pytest.approx(scene.locations, abs=1e-6)
    assert inside.means == pytest.approx(scene.location_means, abs=1e-6)
    assert inside.patches.tolist() == scene.patches.tolist()
    assert inside.corners.tolist() == scene.corners.tolist()
    assert inside.values == pytest.approx(scene.values, abs=1e-6)
    assert inside.probs == pytest.approx(scene.class_probs, abs=1e-6)
    assert inside.forced == scene.forced
