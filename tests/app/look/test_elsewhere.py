"""What would have come out if a glimpse had looked elsewhere."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from app.look.elsewhere import Elsewhere, Outcomes, look_elsewhere, sampled_looks
from app.look.looking import LookRequest, look
from ram import RAM, RAMConfig
from ram.model import Episode

IMAGE = np.random.default_rng(0).random((28, 28), np.float32)
LARGER = np.random.default_rng(0).random((60, 60), np.float32)
REQUESTS = [
    LookRequest(first="centre"),
    LookRequest(first="random", seed=5),
    LookRequest(first="random", gaze="sampled", seed=5),
    LookRequest(first="centre", gaze="sampled", seed=5, force={2: (0.5, -0.5), 4: (0.0, 0.0)}),
]


@pytest.fixture(scope="module", params=[False, True], ids=["rnn", "lstm"])
def model(request: pytest.FixtureRequest) -> RAM:
    torch.manual_seed(0)
    model = RAM(RAMConfig(num_scales=2, num_glimpses=4, hidden_size=32, use_lstm=request.param))
    with torch.no_grad():
        model.location_network.linear.weight.mul_(20)  # so that where it looks depends on what it has seen
        model.action_network.linear.weight.mul_(20)
    return model


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("glimpse", [1, 3, 4])
def test_each_place_comes_to_what_a_look_there_comes_to(model: RAM, request_: LookRequest, glimpse: int) -> None:
    found = look_elsewhere(model, IMAGE, request_, glimpse, asked=3)
    assert found.places.shape == (28 * 28, 2)
    for index in (0, 100, 783):
        place = found.places[index].tolist()
        there = dataclasses.replace(request_.before(glimpse), force={**request_.before(glimpse).force, glimpse: place})
        scene = look(model, IMAGE, there, "test")
        assert found.outcomes.probs[index] == pytest.approx(scene.class_probs[-1, 3], abs=1e-4)
        assert found.outcomes.values[index] == pytest.approx(scene.values[-1], abs=1e-4)
        assert found.outcomes.answers[index] == scene.action
    own = look(model, IMAGE, request_.before(glimpse), "test")
    assert found.choice == pytest.approx(tuple(own.locations[glimpse - 1]), abs=1e-5)
    assert found.own.probs[0] == pytest.approx(own.class_probs[-1, 3], abs=1e-4)


def test_places_are_the_middles_of_the_pixels(model: RAM) -> None:
    found = look_elsewhere(model, IMAGE, REQUESTS[0], 2, asked=0)
    # Pixel (0, 0) reaches from -1 to -1 + 2 / 28.
    assert found.places[0].tolist() == pytest.approx([-1 + 1 / 28] * 2)
    assert found.places[1].tolist() == pytest.approx([-1 + 3 / 28, -1 + 1 / 28])
    assert found.sides.tolist() == pytest.approx([2 / 28] * 784)


def test_larger_image_is_covered_once_and_finer_where_more_changes(model: RAM) -> None:
    found = look_elsewhere(model, LARGER, REQUESTS[0], 2, asked=0)
    assert len(found.places) == 400 - 96 + 4 * 96
    assert sorted(set(found.sides.tolist())) == pytest.approx([0.05, 0.1])
    assert float((found.sides.astype(float) ** 2).sum()) == pytest.approx(4)
    # Every point of a fine raster lies in exactly one place.
    raster = (np.arange(40) + 0.5) / 40 * 2 - 1
    points = np.stack(np.meshgrid(raster, raster), axis=-1).reshape(-1, 1, 2)
    inside = (np.abs(points - found.places) < found.sides[:, None] / 2).all(axis=-1)
    assert inside.sum(axis=1).tolist() == [1] * 1600


def test_map_of_a_model_with_large_patches_is_computed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    # Of 3 glimpses of 64x64 pixels at two scales, 98,304 bytes a place, 682 places fit.
    large = RAM(RAMConfig(glimpse_size=64, num_scales=2, num_glimpses=3, hidden_size=8, glimpse_hidden_size=8))
    sizes, episode = [], large.episode

    def noted(*args: Any, **options: Any) -> Episode:
        sizes.append(options["rollouts"])
        return episode(*args, **options)

    monkeypatch.setattr(large, "episode", noted)
    found = look_elsewhere(large, IMAGE, REQUESTS[0], 2, asked=0)
    assert sizes == [1, 682, 102]
    assert found.outcomes.probs.shape == (784,)


def test_share_of_worse_places_counts_their_area() -> None:
    found = Elsewhere(
        glimpse=2,
        asked=0,
        places=np.zeros((3, 2), np.float32),
        sides=np.array([2, 1, 1], np.float32),
        outcomes=Outcomes(np.array([0.5, 0.2, 0.9]), np.array([0, 1, 0]), np.array([0.9, 0.5, 0.9])),
        choice=(0.0, 0.0),
        own=Outcomes(np.array([0.9]), np.array([0]), np.array([0.7])),
    )
    assert found.better_than("probs") == pytest.approx(5 / 6)  # areas 4 and 1 of 6; the third is as good
    assert found.better_than("values") == pytest.approx(1 / 6)


def test_sampled_looks_start_alike_differ_and_are_the_same_for_the_same_seed(model: RAM) -> None:
    looks = sampled_looks(model, IMAGE, REQUESTS[0])
    assert looks.locations.shape == (10, 4, 2)
    assert looks.locations[:, 0].tolist() == [[0, 0]] * 10
    assert len({tuple(place) for place in looks.locations[:, 1].tolist()}) == 10
    assert sampled_looks(model, IMAGE, REQUESTS[0]).locations.tolist() == looks.locations.tolist()
    other = sampled_looks(model, IMAGE, dataclasses.replace(REQUESTS[0], seed=1))
    assert other.locations.tolist() != looks.locations.tolist()


def test_sampled_looks_scatter_around_the_mean_by_the_policys_deviation(model: RAM) -> None:
    with torch.no_grad():
        steady = RAM(dataclasses.replace(model.config, location_std=0.1))
        steady.location_network.linear.weight.zero_()
        steady.location_network.linear.bias.zero_()
    looks = sampled_looks(steady, IMAGE, REQUESTS[0], count=2000)
    moves = looks.locations[:, 1:]
    assert float(moves.std()) == pytest.approx(0.1, abs=0.003)
    assert float(moves.mean()) == pytest.approx(0, abs=0.005)


def test_forced_glimpses_stay_forced_in_sampled_looks(model: RAM) -> None:
    request = LookRequest(first="centre", force={2: (0.5, -0.5), 9: (0, 0)})
    assert sampled_looks(model, IMAGE, request).locations[:, 1].tolist() == [[0.5, -0.5]] * 10
