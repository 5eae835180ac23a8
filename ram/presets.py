"""Named configurations, each of which one command reproduces."""

from __future__ import annotations

import dataclasses

from ram.config import (
    AugmentationConfig,
    LossConfig,
    OptimizerConfig,
    RAMConfig,
    ScheduleConfig,
    TrainConfig,
)


@dataclasses.dataclass(frozen=True)
class Preset:
    """A model and its training, under a name."""

    title: str
    description: str
    model: RAMConfig
    training: TrainConfig
    needs_drawings: bool = False


_ONE_MINUTE = RAMConfig(num_glimpses=4, num_scales=2)
_WIDE = RAMConfig(glimpse_size=12, num_scales=3, num_glimpses=8)

_SHORT = TrainConfig(schedule=ScheduleConfig(minutes=1.0, learning_rate=3e-3), loss=LossConfig(rollouts=1))
_FAILING = _SHORT.replace(reinforce_weight=1.0, baseline="none")
STRONGER = _FAILING.loss.reinforce_weight / _SHORT.loss.reinforce_weight
"""How many times as much REINFORCE weighs in the run without a baseline as in the others of a minute."""

_LIGHT_WARP = AugmentationConfig(rotation=10.0, scaling=0.1, shear=0.1, translation=1.0)

# The shipped models: one recipe. The learning rate rises quickly, and falls to zero as a cosine.
_SHIPPED = TrainConfig(
    schedule=ScheduleConfig(epochs=310, learning_rate=8e-3, warm_up=0.02, batch_size=1024),
    optimization=OptimizerConfig(optimizer="muon", weight_decay=0.2),
    loss=LossConfig(reinforce_weight=0.25, baseline="rollouts", reward="information"),
    augmentation=AugmentationConfig(rotation=12.0, scaling=0.12, shear=0.15, translation=1.0, elastic=1.0),
)
# On 28x28 pixels, all that people draw otherwise than MNIST's writers.
_DRAWN = _SHIPPED.replace(
    rotation=15.0,
    scaling=0.15,
    shear=0.2,
    translation=1.5,
    thickness=0.4,
    variants=0.25,
    gaps_and_lines=0.03,
    unreadable=0.1,
)
_TRANSLATED = _SHIPPED.replace(guidance=1.0, coverage=2.0, image_size=60)

PRESETS: dict[str, Preset] = {
    "one-minute": Preset(
        "One minute",
        "four glimpses at two scales: after a minute on two free cores, about 98 of 100 digits are read right, on a "
        "busy or older machine fewer",
        _ONE_MINUTE,
        _SHORT,
    ),
    "five-minutes": Preset(
        "Five minutes",
        "the specification's six glimpses of 8×8 pixels; from rewards alone they take longer to learn where to look, "
        "so a pull to the four quarters of the digit helps",
        RAMConfig(),
        _SHORT.replace(minutes=5.0, guidance=1.0, coverage=2.0),
    ),
    "no-baseline": Preset(
        "See it fail: no baseline",
        f"the one-minute run with REINFORCE weighted {STRONGER:g} times as much and nothing subtracted from the "
        "reward: every right answer pushes the gaze, and fewer answers are right",
        _ONE_MINUTE,
        _FAILING,
    ),
    "tiny-glimpses": Preset(
        "Glimpses too small",
        "four glimpses of 3×3 pixels, which show too little to see what it is and where to look next",
        RAMConfig(num_glimpses=4, glimpse_size=3),
        _SHORT,
    ),
    "my-drawings": Preset(
        "My drawings",
        "goes on from a trained model with your own drawings among MNIST's digits",
        RAMConfig(),
        TrainConfig(
            schedule=ScheduleConfig(minutes=1.0, learning_rate=5e-4),
            loss=LossConfig(rollouts=2),
            augmentation=_LIGHT_WARP,
        ),
        needs_drawings=True,
    ),
    "mnist": Preset(
        "Drawn digits",
        "the specification's defaults, for MNIST's digits and what people draw",
        RAMConfig(),
        _DRAWN,
    ),
    "mnist-lstm": Preset(
        "With an LSTM",
        "the same with an LSTM as memory",
        RAMConfig(use_lstm=True),
        _DRAWN,
    ),
    "translated-60": Preset(
        "A digit anywhere",
        "60×60 pixels, eight glimpses of 12×12 at three scales",
        _WIDE,
        _TRANSLATED,
    ),
    "cluttered-60": Preset(
        "A digit among clutter",
        "the same with four pieces of other digits in each image",
        _WIDE,
        _TRANSLATED.replace(clutter=4),
    ),
    "cluttered-100": Preset(
        "A digit lost in clutter",
        "100×100 pixels, eight pieces of other digits and a fourth scale",
        dataclasses.replace(_WIDE, num_scales=4),
        _TRANSLATED.replace(image_size=100, clutter=8, guidance=2.0, location_noise=0.06),
    ),
}
