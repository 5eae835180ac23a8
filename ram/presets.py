"""Named configurations, each of which one command reproduces."""

from __future__ import annotations

import dataclasses

from ram.config import (
    AugmentationConfig,
    DataConfig,
    FinishConfig,
    LossConfig,
    OptimizerConfig,
    PullConfig,
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
    start: str = ""
    """The shipped checkpoint that it goes on from; random weights if empty."""


_ONE_MINUTE = RAMConfig(num_glimpses=4, num_scales=2)
_WIDE = RAMConfig(glimpse_size=12, num_scales=3, num_glimpses=8)

_SHORT = TrainConfig(schedule=ScheduleConfig(minutes=1.0, learning_rate=3e-3), loss=LossConfig(rollouts=1))

_LIGHT_WARP = AugmentationConfig(rotation=10.0, scaling=0.1, shear=0.1, translation=1.0)
_STRONG_WARP = AugmentationConfig(rotation=12.0, scaling=0.12, shear=0.15, translation=1.0, elastic=1.0)
# Two thirds of it: pieces of other digits at other places are changes enough.
_CLUTTER_WARP = AugmentationConfig(rotation=8.0, scaling=0.08, shear=0.1, translation=0.67, elastic=0.67)
# All that people draw otherwise than MNIST's writers.
_AS_DRAWN = AugmentationConfig(
    rotation=12.0,
    scaling=0.15,
    shear=0.2,
    translation=1.5,
    elastic=1.0,
    thickness=0.4,
    variants=0.25,
    unreadable=0.08,
)

# The shipped models: long runs, in which the learning rate rises quickly and the average of the weights moves slowly.
_LONG_LOSS = LossConfig(rollouts=2, reinforce_weight=0.3, baseline="rollouts", reward="information")
_DRAWN = TrainConfig(
    schedule=ScheduleConfig(warm_up=0.02, batch_size=256),
    optimization=OptimizerConfig(optimizer="muon", ema_decay=0.9998),
    loss=dataclasses.replace(_LONG_LOSS, reinforce_weight=0.25),
    # The last finish changes digits as strongly as the main part of the run, the first a third as strongly.
    finishing=FinishConfig(finishes=5, finish_spread=0.333),
    augmentation=_AS_DRAWN,
)
_TRANSLATED = TrainConfig(
    schedule=ScheduleConfig(epochs=530, warm_up=0.02),
    optimization=OptimizerConfig(ema_decay=0.9998),
    loss=_LONG_LOSS,
    pull=PullConfig(guidance=1.0),
    finishing=FinishConfig(finish=0.4),
    augmentation=_STRONG_WARP,
    data=DataConfig(image_size=60),
)
_CLUTTERED = TrainConfig(
    schedule=ScheduleConfig(epochs=290, warm_up=0.02, batch_size=256),
    optimization=OptimizerConfig(optimizer="muon", ema_decay=0.9998),
    loss=_LONG_LOSS,
    pull=PullConfig(guidance=1.0, coverage=2.0),
    augmentation=_CLUTTER_WARP,
    data=DataConfig(image_size=60, clutter=4),
)

PRESETS: dict[str, Preset] = {
    "one-minute": Preset(
        "One minute",
        "four glimpses at two scales: right about 97 times in 100 after one minute",
        _ONE_MINUTE,
        _SHORT,
    ),
    "five-minutes": Preset(
        "Five minutes",
        "the specification's six glimpses of 8×8 pixels, which take longer to learn",
        RAMConfig(),
        _SHORT.replace(minutes=5.0),
    ),
    "no-baseline": Preset(
        "See it fail: no baseline",
        "the one-minute run with a strong REINFORCE gradient and nothing subtracted from the reward",
        _ONE_MINUTE,
        _SHORT.replace(reinforce_weight=1.0, baseline="none"),
    ),
    "tiny-glimpses": Preset(
        "Glimpses too small",
        "four glimpses of 3×3 pixels: too little to see what it is, and no way to find out where to look",
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
    ),
    "mnist": Preset(
        "The shipped model",
        "the specification's defaults, trained for two hours",
        RAMConfig(),
        _DRAWN.replace(epochs=700, finish=0.55),
    ),
    "mnist-lstm": Preset(
        "With an LSTM",
        "the same with an LSTM as memory",
        RAMConfig(use_lstm=True),
        _DRAWN.replace(epochs=304, finish=160 / 304),
    ),
    "translated-60": Preset(
        "A digit anywhere",
        "60×60 pixels, eight glimpses of 12×12 at three scales",
        _WIDE,
        _TRANSLATED,
    ),
    "cluttered-60": Preset(
        "A digit among clutter",
        "goes on from translated-60 with four pieces of other digits in each image",
        _WIDE,
        _CLUTTERED,
        start="translated-60",
    ),
    "cluttered-100": Preset(
        "A digit lost in clutter",
        "goes on from cluttered-60 with 100×100 pixels, eight pieces of other digits and a fourth scale",
        dataclasses.replace(_WIDE, num_scales=4),
        _CLUTTERED.replace(epochs=55, learning_rate=1e-3, image_size=100, clutter=8),
        start="cluttered-60",
    ),
}
