import torch
from torch import Tensor

from ram.checkpoints import CheckpointInfo
from ram.config import RAMConfig
from ram.model import RAM
from ram.model.sensor import GlimpseSensor
from ram.training.growth import grow

SMALL = RAMConfig(glimpse_size=4, num_scales=2, hidden_size=16, glimpse_hidden_size=8)
MORE = RAMConfig(glimpse_size=4, num_scales=3, hidden_size=16, glimpse_hidden_size=8)


def grown(start: RAM, config: RAMConfig, image_size: int) -> RAM:
    info = CheckpointInfo(start.config, 28, {}, {})
    model = RAM(config)
    model.load_state_dict(grow(start.state_dict(), info, config, image_size))
    return model


def features(model: RAM, image: Tensor, location: Tensor) -> Tensor:
    sensor = GlimpseSensor(model.config.glimpse_size, model.config.num_scales)
    return model.glimpse_network(sensor(image, location), location)


def test_the_same_size_changes_nothing() -> None:
    start = RAM(SMALL)
    for name, weight in grown(start, SMALL, 28).state_dict().items():
        assert weight.equal(start.state_dict()[name])


def test_a_further_scale_is_not_looked_at_yet() -> None:
    start, image, location = RAM(SMALL), torch.rand(28, 28), torch.tensor([0.25, -0.5])
    torch.testing.assert_close(features(grown(start, MORE, 28), image, location), features(start, image, location))


def test_a_place_as_many_pixels_from_the_middle_is_the_same_place() -> None:
    start = RAM(SMALL)
    model = grown(start, SMALL, 56)
    # Seven pixels from the middle: a half of 14, a quarter of 28.
    assert torch.equal(
        start.glimpse_network.location_encoder(torch.tensor([0.5, 0.0])),
        model.glimpse_network.location_encoder(torch.tensor([0.25, 0.0])),
    )
    hidden = torch.rand(16)
    # Where tanh is nearly straight, the mean is as many pixels from the middle.
    assert torch.equal(model.location_network.linear(hidden) * 2, start.location_network.linear(hidden))
