import math
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from ram.model import RAM, Rollout
from tests.ram.model.small_models import SMALL, make, seeded, some_images


def test_model_has_the_specified_number_of_parameters() -> None:
    model = RAM()
    counts = {name: sum(p.numel() for p in module.parameters()) for name, module in model.named_children()}
    assert counts == {
        "glimpse_sensor": 0,
        "glimpse_network": 74_496,
        "core_network": 131_584,
        "location_network": 514,
        "value_network": 257,
        "action_network": 2_570,
    }
    assert sum(counts.values()) == 209_421


def test_names_of_the_weights_stay_as_saved_checkpoints_have_them() -> None:
    layers = [
        "glimpse_network.glimpse_encoder",
        "glimpse_network.location_encoder",
        "glimpse_network.combine",
        "core_network.hidden_linear",
        "core_network.input_linear",
        "location_network.linear",
        "value_network.linear",
        "action_network.linear",
    ]
    assert list(RAM().state_dict()) == [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]
    lstm = [name for name in make(use_lstm=True).state_dict() if name.startswith("core_network")]
    assert lstm == [f"core_network.lstm.{kind}_l0" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


@pytest.mark.parametrize("batch", [(), (1,), (3,)])
def test_forward_returns_the_specifications_six_keys(batch: tuple[int, ...]) -> None:
    output = RAM()(torch.rand(*batch, 28, 28))
    assert {key: tuple(value.shape) for key, value in output.items()} == {
        "actions": (*batch, 1),
        "locations": (*batch, 5, 2),
        "location_log_probs": (*batch, 5),
        "action_log_probs": (*batch, 1),
        "values": (*batch, 6),
        "hidden_state": (*batch, 256),
    }
    assert output["actions"].dtype == torch.int64


@pytest.mark.parametrize("batch", [(), (1,), (3,)])
@pytest.mark.parametrize("use_lstm", [False, True])
def test_rollout_records_every_glimpse(batch: tuple[int, ...], use_lstm: bool) -> None:
    model = make(glimpse_size=5, num_scales=3, num_glimpses=4, hidden_size=16, num_actions=7, use_lstm=use_lstm)
    rollout = model.rollout(torch.rand(*batch, 20, 31))
    assert {key: tuple(value.shape) for key, value in rollout._asdict().items()} == {
        "locations": (*batch, 4, 2),
        "location_means": (*batch, 4, 2),
        "location_log_probs": (*batch, 3),
        "patches": (*batch, 4, 3, 5, 5),
        "values": (*batch, 4),
        "class_probs": (*batch, 4, 7),
        "logits": (*batch, 7),
        "action": batch,
        "action_log_prob": batch,
        "hidden_state": (*batch, 16),
    }


def test_single_image_is_a_batch_of_one_without_its_dimension() -> None:
    model, image = make(**SMALL), some_images(1)
    alone, batch = model.rollout(image[0], generator=seeded()), model.rollout(image, generator=seeded())
    for one, many in zip(alone, batch, strict=True):
        assert many.shape == (1, *one.shape)
        assert many[0].equal(one)
    one_output, many_output = model(image[0], generator=seeded()), model(image, generator=seeded())
    for key, value in one_output.items():
        assert many_output[key][0].equal(value)


def test_images_of_a_batch_do_not_influence_each_other() -> None:
    model, images = make(**SMALL), some_images(3)
    start = torch.tensor([[0.5, 0.0], [0.0, 0.0], [-1.0, 1.0]])
    batch = model.rollout(images, sample_locations=False, initial_location=start)
    for index, image in enumerate(images):
        alone = model.rollout(image, sample_locations=False, initial_location=start[index])
        for one, many in zip(alone, batch, strict=True):
            torch.testing.assert_close(many[index], one)


@pytest.mark.parametrize("use_lstm", [False, True])
def test_rollout_follows_the_specification_step_by_step(use_lstm: bool) -> None:
    model = make(**SMALL, num_scales=2, use_lstm=use_lstm)
    image = some_images(1)[0]
    seen = model.rollout(image, generator=seeded())
    state = None
    for step in range(4):
        location = seen.locations[step]
        glimpse = model.glimpse_sensor(image, location)
        torch.testing.assert_close(seen.patches[step].flatten(), glimpse)
        state = model.core_network(model.glimpse_network(glimpse, location), state)
        hidden = state.hidden if use_lstm else state
        torch.testing.assert_close(seen.values[step], model.value_network(hidden))
        torch.testing.assert_close(seen.class_probs[step], model.action_network.logits(hidden).softmax(dim=-1))
        if step < 3:
            torch.testing.assert_close(seen.location_means[step + 1], model.location_network.mean(hidden))
    torch.testing.assert_close(seen.hidden_state, hidden)
    torch.testing.assert_close(seen.logits, model.action_network.logits(hidden))
    assert seen.location_means[0].equal(seen.locations[0])


def test_answer_is_the_most_probable_class_after_the_last_glimpse() -> None:
    seen = make(**SMALL).rollout(some_images(8), generator=seeded())
    assert seen.action.tolist() == [row.index(max(row)) for row in seen.logits.tolist()]
    last = seen.class_probs[:, -1]
    torch.testing.assert_close(last, seen.logits.softmax(dim=-1))
    torch.testing.assert_close(seen.class_probs.sum(dim=-1), torch.ones(8, 4))
    torch.testing.assert_close(seen.action_log_prob.exp(), last.amax(dim=-1))


def test_forward_samples_the_action() -> None:
    model = make(**SMALL, num_actions=2)
    with torch.no_grad():
        model.action_network.linear.weight.zero_()
        model.action_network.linear.bias.copy_(torch.tensor([0.0, math.log(3.0)]))
    output = model(torch.zeros(4000, 8, 8), generator=seeded())
    assert output["actions"].float().mean().item() == pytest.approx(0.75, abs=0.03)  # 3 / (1 + 3)
    expected = torch.where(output["actions"] == 1, math.log(0.75), math.log(0.25))
    torch.testing.assert_close(output["action_log_probs"], expected)


def test_forward_and_rollout_take_the_same_walk() -> None:
    model, images = make(**SMALL), some_images(3)
    output, seen = model(images, generator=seeded()), model.rollout(images, generator=seeded())
    assert output["locations"].equal(seen.locations[:, 1:])  # without the initial one
    assert output["location_log_probs"].equal(seen.location_log_probs)
    assert output["values"].equal(seen.values)
    assert output["hidden_state"].equal(seen.hidden_state)


def test_first_location_is_uniform_over_the_image() -> None:
    seen = make(**SMALL).rollout(torch.zeros(4000, 8, 8), generator=seeded())
    first = seen.locations[:, 0]
    assert bool((first.abs() <= 1).all())
    assert first.mean(dim=0).tolist() == pytest.approx([0.0, 0.0], abs=0.05)
    # A uniform number in [-1, 1] has the standard deviation 2 / sqrt(12) = 0.5774.
    assert first.std(dim=0).tolist() == pytest.approx([0.5774, 0.5774], abs=0.02)


def test_initial_location_is_honoured() -> None:
    model, images = make(**SMALL), some_images(3)
    one = model.rollout(images, initial_location=torch.tensor([0.25, -1.0]))
    assert one.locations[:, 0].tolist() == [[0.25, -1.0]] * 3
    each = torch.tensor([[0.0, 0.5], [1.0, 1.0], [-0.5, 0.25]])
    assert model.rollout(images, initial_location=each).locations[:, 0].equal(each)
    # (-1, -1) shows the top-left pixels in the last quarter of an even patch.
    corner = model.rollout(images[0], initial_location=torch.tensor([-1.0, -1.0])).patches[0, 0]
    assert corner[2:, 2:].equal(images[0, :2, :2])


def test_means_are_looked_at_when_nothing_is_sampled() -> None:
    model, images = make(**SMALL), some_images(3)
    start = torch.zeros(2)
    seen = model.rollout(images, sample_locations=False, initial_location=start)
    assert seen.locations.equal(seen.location_means)
    again = model.rollout(images, sample_locations=False, initial_location=start)
    assert again.locations.equal(seen.locations)
    # The density at the mean, 2 * (-ln 0.2 - 0.918939) = 1.380999, at every move
    assert seen.location_log_probs.flatten().tolist() == pytest.approx([1.380999] * 9, abs=1e-5)


def test_sampled_locations_scatter_around_the_means() -> None:
    model = make(**SMALL, location_std=0.1)
    with torch.no_grad():
        model.location_network.linear.weight.zero_()
        model.location_network.linear.bias.copy_(torch.tensor([math.atanh(0.5), math.atanh(-0.25)]))
    seen = model.rollout(torch.zeros(2000, 8, 8), generator=seeded())
    away = seen.locations[:, 1:] - torch.tensor([0.5, -0.25])
    assert away.mean(dim=(0, 1)).tolist() == pytest.approx([0.0, 0.0], abs=0.01)
    assert away.std(dim=(0, 1)).tolist() == pytest.approx([0.1, 0.1], abs=0.005)


def test_unclamped_sample_is_scored_and_clamped_one_is_seen() -> None:
    model = make(**SMALL, location_std=2.0)
    image = some_images(1)[0]
    seen = model.rollout(image.expand(200, 28, 28), generator=seeded())
    assert seen.locations.abs().max() == 1.0
    moves, means = seen.locations[:, 1:], seen.location_means[:, 1:]
    scored_after_clamping = model.location_network.log_prob(moves, means)
    clamped = (moves.abs() == 1).any(dim=-1)
    assert clamped.float().mean() > 0.5
    assert bool((seen.location_log_probs[clamped] < scored_after_clamping[clamped]).all())
    torch.testing.assert_close(seen.location_log_probs[~clamped], scored_after_clamping[~clamped])
    # What was seen and embedded is the clamped location: replaying the walk with it gives the same memory.
    state = None
    images = image.expand(200, 28, 28)
    for step in range(4):
        glimpse = model.glimpse_sensor(images, seen.locations[:, step])
        torch.testing.assert_close(seen.patches[:, step].flatten(start_dim=1), glimpse)
        state = model.core_network(model.glimpse_network(glimpse, seen.locations[:, step]), state)
    torch.testing.assert_close(seen.hidden_state, state)


def test_single_glimpse_needs_no_move() -> None:
    model = make(**{**SMALL, "num_glimpses": 1})
    seen = model.rollout(some_images(1)[0])
    assert seen.locations.shape == (1, 2)
    assert seen.location_log_probs.shape == (0,)
    assert model(some_images(3))["locations"].shape == (3, 0, 2)


@pytest.mark.parametrize("method", ["forward", "rollout"])
def test_generator_decides_everything_random_and_spares_the_global_one(method: str) -> None:
    model, images = make(**SMALL), some_images(3)

    def walk(generator: Generator | None) -> Tensor:
        output = getattr(model, method)(images, generator=generator)
        return output.locations if isinstance(output, Rollout) else output["locations"]

    before = torch.get_rng_state()
    first = walk(seeded(1))
    assert torch.get_rng_state().equal(before)
    assert walk(seeded(1)).equal(first)
    assert not walk(seeded(2)).equal(first)


def test_global_generator_is_used_without_one() -> None:
    model, images = make(**SMALL), some_images(3)
    torch.manual_seed(3)
    first = model(images)
    assert not model(images)["locations"].equal(first["locations"])
    torch.manual_seed(3)
    again = model(images)
    assert all(again[key].equal(first[key]) for key in first)


def test_episodes_of_one_image_stand_side_by_side() -> None:
    images = torch.tensor([0.25, 0.5, 1.0])[:, None, None].expand(3, 28, 28)
    episode = make(**SMALL).episode(images, rollouts=2, initial_location=torch.zeros(6, 2))
    # The first patch, in the middle, has the grey level of its image: 0, 0, 1, 1, 2, 2.
    assert episode.patches[0].mean(dim=(1, 2, 3)).tolist() == [0.25, 0.25, 0.5, 0.5, 1.0, 1.0]


def test_rollouts_of_one_image_differ() -> None:
    episode = make(**SMALL).episode(some_images(1), rollouts=4, generator=seeded())
    assert len({tuple(place) for place in episode.locations[0].tolist()}) == 4
    assert len({tuple(place) for place in episode.locations[1].tolist()}) == 4


def test_episode_explores_with_another_standard_deviation() -> None:
    model = make(**SMALL, location_std=0.2)
    episode = model.episode(torch.zeros(2000, 8, 8), location_std=0.01, generator=seeded())
    away = (episode.locations - episode.location_means)[1:]
    assert away.std().item() == pytest.approx(0.01, abs=0.0005)
    # Minus the entropy: -2 * (0.5 + ln 0.01 + 0.918939) = 6.37246
    assert episode.location_log_probs.mean().item() == pytest.approx(6.37246, abs=0.05)


EXPECTED = r"expected one image \(H, W\) or a batch \(B, H, W\), floating point, with values in \[0, 1\]"


@pytest.mark.usefixtures("unchecked_signatures")
@pytest.mark.parametrize("method", ["forward", "rollout"])
@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(28), rf"^images has shape \(28,\); {EXPECTED}$"),
        (torch.zeros(1, 1, 28, 28), rf"^images has shape \(1, 1, 28, 28\); {EXPECTED}$"),
        (torch.zeros(0, 28, 28), rf"^images has shape \(0, 28, 28\); {EXPECTED}$"),
        (torch.zeros(28, 0), rf"^images has shape \(28, 0\); {EXPECTED}$"),
        (torch.zeros(28, 28, dtype=torch.uint8), rf"^images has dtype torch\.uint8; {EXPECTED} \(divide uint8"),
        (torch.full((28, 28), 255.0), rf"^images has values from 255 to 255; {EXPECTED}$"),
        (torch.tensor([[-0.5, 1.0]]), rf"^images has values from -0\.5 to 1; {EXPECTED}$"),
        (torch.tensor([[0.5, float("nan")]]), rf"^images has values from nan to nan; {EXPECTED}$"),
        (torch.tensor([[0.5, float("inf")]]), rf"^images has values from 0\.5 to inf; {EXPECTED}$"),
        ([[0.0]], rf"^images is a list, not a torch\.Tensor; {EXPECTED}$"),
        (torch.zeros(28, 28).numpy(), rf"^images is a ndarray, not a torch\.Tensor; {EXPECTED}$"),
        (torch.zeros(28, 28, dtype=torch.float64), r"^images has dtype torch\.float64; .* torch\.float32"),
    ],
)
def test_unusable_images_are_named(method: str, images: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(make(**SMALL), method)(images)


def test_model_in_double_precision_takes_images_in_double_precision() -> None:
    model = make(**SMALL).double()
    assert model.rollout(some_images(2).double()).logits.dtype == torch.float64


@pytest.mark.usefixtures("unchecked_signatures")
@pytest.mark.parametrize(
    ("location", "message"),
    [
        (
            torch.zeros(3),
            r"^initial_location has shape \(3,\); expected .* of shape \(2,\) or \(3, 2\)$",
        ),
        (torch.zeros(2, 2), r"^initial_location has shape \(2, 2\); expected"),
        (torch.tensor([0.0, 1.5]), r"^initial_location has the value \[0\.0, 1\.5\]; expected"),
        (torch.tensor([float("nan"), 0.0]), r"^initial_location has the value \[nan, 0\.0\]; expected"),
    ],
)
def test_unusable_initial_locations_are_named(location: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**SMALL).rollout(some_images(3), initial_location=location)


@pytest.mark.usefixtures("unchecked_signatures")
def test_model_wants_a_configuration() -> None:
    with pytest.raises(TypeError, match=r"^config=\{'glimpse_size': 8\} must be a RAMConfig$"):
        RAM({"glimpse_size": 8})  # type: ignore[arg-type]


def test_shape_checker_watches_the_signatures() -> None:
    with pytest.raises(TypeError, match=r"parameters of ram\.model\.ram\.RAM\.forward"):
        RAM()(torch.zeros(28, 28, dtype=torch.uint8))
