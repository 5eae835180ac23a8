"""Glimpses that are made to look elsewhere."""

import functools
import math
from typing import Any

import numpy as np
import pytest
import torch

from ram.config import RAMConfig
from ram.model import RAM
from tests.ram.model import small_models
from tests.ram.model.small_models import SMALL, seeded, some_images

make = functools.partial(small_models.make, **SMALL)


def echo() -> RAM:
    """A model of one hidden unit, whose memory can be worked out by hand.

    Glimpses are single pixels. The feature is the pixel's grey level, the memory h = ReLU(h + feature); the policy's
    mean is (tanh(h), 0), the value is 2 h, and the logits are (h, 0).
    """
    model = RAM(RAMConfig(glimpse_size=1, num_glimpses=3, hidden_size=1, glimpse_hidden_size=1, num_actions=2))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.glimpse_network.glimpse_encoder.weight.fill_(1)
        model.glimpse_network.combine.weight[0, 0] = 1  # of what was seen; where it was counts nothing
        model.core_network.hidden_linear.weight.fill_(1)
        model.core_network.input_linear.weight.fill_(1)
        model.location_network.linear.weight[0, 0] = 1
        model.value_network.linear.weight.fill_(2)
        model.action_network.linear.weight[0, 0] = 1
    return model


def test_forced_glimpse_is_looked_at_and_the_model_goes_on_from_there() -> None:
    # One row of four pixels: x from -1 to 1 falls on them in quarters.
    image = torch.tensor([[0.25, 0.5, 0.75, 1.0]])
    model = echo()
    # Of its own accord: 0.25 at x = -1; tanh(0.25) = 0.24 is the third pixel, 0.75; tanh(1) = 0.76 the fourth, 1.
    start = torch.tensor([-1.0, 0.0])
    own = model.rollout(image, sample_locations=False, initial_location=start)
    assert own.values.tolist() == [0.5, 2.0, 4.0]
    # With the second glimpse at x = -0.25, the second pixel: 0.25 + 0.5 = 0.75, and tanh(0.75) = 0.635 is the fourth.
    seen = model.rollout(image, sample_locations=False, initial_location=start, forced_locations={1: (-0.25, 0.5)})
    assert seen.locations[1].tolist() == [-0.25, 0.5]
    assert seen.locations[2].tolist() == pytest.approx([math.tanh(0.75), 0.0])
    assert seen.values.tolist() == [0.5, 1.5, 3.5]
    assert seen.hidden_state.tolist() == [1.75]
    assert seen.class_probs[-1, 0].item() == pytest.approx(1 / (1 + math.exp(-1.75)))
    assert seen.patches.flatten().tolist() == [0.25, 0.5, 1.0]


def test_record_says_where_the_policy_would_have_looked_and_how_likely_it_was_to_look_there() -> None:
    image = torch.tensor([[0.25, 0.5, 0.75, 1.0]])
    start = torch.tensor([-1.0, 0.0])
    seen = echo().rollout(image, sample_locations=False, initial_location=start, forced_locations={1: (-0.25, 0.5)})
    mean = math.tanh(0.25)
    assert seen.location_means[1].tolist() == pytest.approx([mean, 0.0])
    # A Gaussian of standard deviation 0.2 in two dimensions, at a distance of (mean + 0.25, 0.5)
    distance = ((mean + 0.25) ** 2 + 0.5**2) / 0.2**2
    density = -0.5 * distance - 2 * math.log(0.2) - math.log(2 * math.pi)
    assert seen.location_log_probs[0].item() == pytest.approx(density, abs=1e-4)


@pytest.mark.parametrize("use_lstm", [False, True])
@pytest.mark.parametrize("index", range(4))
def test_what_came_before_stays_the_same(index: int, use_lstm: bool) -> None:
    model, images = make(use_lstm=use_lstm), some_images()
    own = model.rollout(images, generator=seeded())
    seen = model.rollout(images, forced_locations={index: (0.25, -0.4)}, generator=seeded())
    assert seen.locations[:, :index].equal(own.locations[:, :index])
    assert seen.values[:, :index].equal(own.values[:, :index])
    assert seen.class_probs[:, :index].equal(own.class_probs[:, :index])
    assert seen.locations[:, index].equal(torch.tensor([[0.25, -0.4]] * 3))
    if index:
        assert seen.location_means[:, index].equal(own.location_means[:, index])


def test_sampled_gaze_goes_on_with_the_noise_it_would_have_had() -> None:
    model = make(location_std=0.05)
    with torch.no_grad():
        model.location_network.linear.weight.zero_()  # so that the means do not depend on what was seen
    own = model.rollout(some_images(), generator=seeded())
    seen = model.rollout(some_images(), forced_locations={1: (0.25, -0.4)}, generator=seeded())
    assert seen.locations[:, 2:].equal(own.locations[:, 2:])


def test_looking_where_it_would_have_looked_changes_nothing() -> None:
    model, images = make(), some_images()
    own = model.rollout(images, sample_locations=False, initial_location=torch.zeros(2))
    again = model.rollout(
        images,
        sample_locations=False,
        initial_location=torch.zeros(2),
        forced_locations={2: own.locations[:, 2], 3: own.locations[:, 3]},
    )
    for mine, its in zip(own, again, strict=True):
        assert mine.equal(its)


def test_first_glimpse_can_be_forced_and_every_image_can_look_elsewhere() -> None:
    model, images = make(), some_images()
    places = torch.tensor([[0.0, 0.5], [1.0, 1.0], [-0.5, 0.25]])
    seen = model.rollout(images, forced_locations={0: places, 3: (-1, 1)}, generator=seeded())
    assert seen.locations[:, 0].equal(places)
    assert seen.location_means[:, 0].equal(places)
    assert seen.locations[:, 3].tolist() == [[-1.0, 1.0]] * 3
    given = model.rollout(
        images, initial_location=places, forced_locations={3: torch.tensor([-1.0, 1.0])}, generator=seeded(1)
    )
    assert given.locations[:, 0].equal(places)


@pytest.mark.usefixtures("unchecked_signatures")
def test_indices_may_be_numpys_and_nothing_forced_is_its_own_way() -> None:
    model, images = make(), some_images()
    own = model.rollout(images, generator=seeded())
    assert model.rollout(images, forced_locations={}, generator=seeded()).locations.equal(own.locations)
    place: Any = {np.int64(2): np.array([0.25, -0.4])}
    seen = model.rollout(images, forced_locations=place, generator=seeded())
    assert seen.locations[:, 2].equal(torch.tensor([[0.25, -0.4]] * 3))


def test_one_image_may_be_looked_at_in_many_ways_at_once() -> None:
    model, image = make(), some_images(1)
    places = torch.tensor([[0.0, 0.5], [1.0, 1.0], [-0.5, 0.25]])
    together = model.episode(
        image, rollouts=3, sample_locations=False, initial_location=torch.zeros(3, 2), forced_locations={1: places}
    )
    for index, place in enumerate(places):
        alone = model.rollout(
            image[0], sample_locations=False, initial_location=torch.zeros(2), forced_locations={1: place}
        )
        torch.testing.assert_close(together.locations[:, index], alone.locations)
        torch.testing.assert_close(together.hidden_states[-1][index], alone.hidden_state)


INDEX = r"expected the index of a glimpse from 0 to 3, each with its \(x, y\)$"
PLACE = r"expected \(x, y\) in \[-1, 1\], of shape \(2,\) or \(3, 2\)$"


@pytest.mark.usefixtures("unchecked_signatures")
@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({4: (0, 0)}, rf"^forced_locations has the key 4; {INDEX}"),
        ({-1: (0, 0)}, rf"^forced_locations has the key -1; {INDEX}"),
        ({1.0: (0, 0)}, rf"^forced_locations has the key 1\.0; {INDEX}"),
        ({True: (0, 0)}, rf"^forced_locations has the key True; {INDEX}"),
        ({"1": (0, 0)}, rf"^forced_locations has the key '1'; {INDEX}"),
        ([(0, 0)], rf"^forced_locations is a list, not a mapping; {INDEX}"),
        ({2: (0, 1.5)}, rf"^forced_locations\[2\] has the value \[0\.0, 1\.5\]; {PLACE}"),
        ({2: (float("nan"), 0)}, rf"^forced_locations\[2\] has the value \[nan, 0\.0\]; {PLACE}"),
        ({2: (0, float("inf"))}, rf"^forced_locations\[2\] has the value \[0\.0, inf\]; {PLACE}"),
        ({2: (0.0,)}, rf"^forced_locations\[2\] has shape \(1,\); {PLACE}"),
        ({2: 0.5}, rf"^forced_locations\[2\] has shape \(\); {PLACE}"),
        ({2: torch.zeros(2, 2)}, rf"^forced_locations\[2\] has shape \(2, 2\); {PLACE}"),
        ({2: "here"}, rf"^forced_locations\[2\] is 'here'; {PLACE}"),
        ({2: None}, rf"^forced_locations\[2\] is None; {PLACE}"),
        ({2: ((0, 0), (1,))}, rf"^forced_locations\[2\] is \(\(0, 0\), \(1,\)\); {PLACE}"),
        ({2: (10**400, 0)}, rf"^forced_locations\[2\] is \(1000*, 0\); {PLACE}"),
    ],
)
def test_impossible_glimpses_and_places_are_named(places: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make().rollout(some_images(), forced_locations=places)
