"""What can be configured: the architecture of a model, and how it is trained, one dataclass for each concern.

Every field carries the values that are possible and the sentence that explains it. Validation, the command line's
flags, and the app's form and help all come from there.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, TypeVar, get_args

from ram.earlier_names import with_current_names
from ram.options import (
    Checked,
    Choices,
    ConfigError,
    Numbers,
    Switch,
    WholeNumbers,
    brief,
    check_names,
    option,
    require,
)

Baseline = Literal["value", "rollouts", "none"]
Reward = Literal["hit", "information"]
OptimizerName = Literal["adamw", "muon"]
Precision = Literal["auto", "float32", "bfloat16"]
C = TypeVar("C")


@dataclasses.dataclass(frozen=True)
class RAMConfig(Checked):
    """The architecture of a Recurrent Attention Model; the defaults are the specification's.

    Raises:
        ConfigError: a field is outside its range, or the largest patch would exceed 1,024 pixels.
    """

    glimpse_size: int = option(8, WholeNumbers(1, 256), "side of a glimpse patch, in pixels")
    num_scales: int = option(
        1, WholeNumbers(1, 8), "patches per glimpse, each covering twice the side of the one before"
    )
    num_glimpses: int = option(6, WholeNumbers(1, 64), "glimpses per image")
    hidden_size: int = option(256, WholeNumbers(1, 4096), "units of the hidden state")
    num_actions: int = option(10, WholeNumbers(2, 1000), "classes")
    location_std: float = option(
        0.2, Numbers(1e-3, 2.0), "standard deviation of the location policy, in units of the [-1, 1] image frame"
    )
    glimpse_hidden_size: int = option(128, WholeNumbers(1, 4096), "units of each of the two glimpse encoders")
    use_lstm: bool = option(False, Switch(), "use an LSTM core instead of the simple RNN")

    def __post_init__(self) -> None:
        super().__post_init__()
        largest = self.window_size(self.num_scales - 1)
        require(
            largest <= 1024,
            "num_scales",
            self.num_scales,
            f"small enough that glimpse_size * 2**(num_scales - 1) is at most 1024 "
            f"(with glimpse_size={self.glimpse_size} it is {largest})",
        )

    @property
    def patch_features(self) -> int:
        """Length of a flattened glimpse: num_scales * glimpse_size * glimpse_size."""
        return self.num_scales * self.glimpse_size**2

    def window_size(self, scale: int) -> int:
        """Side of the image region, in pixels, that the patch at `scale` covers."""
        return self.glimpse_size * 2**scale


@dataclasses.dataclass(frozen=True)
class ScheduleConfig(Checked):
    """How long a run trains, and with which learning rate."""

    epochs: int = option(20, WholeNumbers(1, 100_000), "passes over the training images")
    minutes: float = option(
        0.0, Numbers(0.0, 10_000.0), "time budget that ends the run, and shapes its schedule, instead of the epochs"
    )
    learning_rate: float = option(2e-3, Numbers(1e-8, 10.0), "peak learning rate of the one-cycle schedule")
    warm_up: float = option(0.1, Numbers(0.0, 0.9), "share of the run in which the learning rate rises")
    batch_size: int = option(128, WholeNumbers(1, 60_000), "images per optimiser step")
    seed: int = option(0, WholeNumbers(0, 2**31 - 1), "seed of everything random in the run")


@dataclasses.dataclass(frozen=True)
class OptimizerConfig(Checked):
    """What a training step does with the gradient."""

    optimizer: OptimizerName = option(
        "adamw",
        Choices(get_args(OptimizerName)),
        "AdamW, or Muon for the matrices between hidden units and AdamW for the rest",
    )
    weight_decay: float = option(0.01, Numbers(0.0, 10.0), "the optimiser's decoupled weight decay")
    gradient_clip: float = option(5.0, Numbers(1e-6, 1e6), "largest norm of the gradient of one step")
    ema_decay: float = option(
        0.999, Numbers(0.0, 0.99999), "decay per step of the averaged weights that are evaluated and saved"
    )
    precision: Precision = option(
        "auto",
        Choices(get_args(Precision)),
        "number format of the matrix products; auto takes bfloat16 on a CPU that multiplies it natively, and TF32 on a "
        "GPU",
    )


@dataclasses.dataclass(frozen=True)
class LossConfig(Checked):
    """What training minimises.

    Raises:
        ConfigError: a field is outside its range, or there are no other rollouts for the baseline.
    """

    rollouts: int = option(4, WholeNumbers(1, 256), "sampled episodes per training image")
    location_noise: float = option(0.1, Numbers(1e-3, 2.0), "standard deviation of training's sampled locations")
    reinforce_weight: float = option(0.1, Numbers(0.0, 100.0), "weight of the REINFORCE loss beside the cross-entropy")
    value_weight: float = option(0.5, Numbers(0.0, 100.0), "weight of the value network's squared error")
    baseline: Baseline = option(
        "value",
        Choices(get_args(Baseline)),
        "what is subtracted from the reward: the value network, the mean of the other rollouts, or none",
    )
    reward: Reward = option(
        "hit",
        Choices(get_args(Reward)),
        "what an episode earns: 1 if its answer is right, or the share of the information about the class that the "
        "answer has",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.baseline != "rollouts" or self.rollouts > 1,
            "baseline",
            self.baseline,
            "'value' or 'none' when rollouts=1, because there are no other rollouts to compare with",
        )


@dataclasses.dataclass(frozen=True)
class PullConfig(Checked):
    """Whether looks are pulled towards the digit."""

    guidance: float = option(0.0, Numbers(0.0, 100.0), "weight of a pull on looks that miss the digit")
    coverage: float = option(
        0.0,
        Numbers(0.0, 100.0),
        "strength of a pull of looks to each of the four quarters of the digit, as a multiple of the guidance",
    )


@dataclasses.dataclass(frozen=True)
class AugmentationConfig(Checked):
    """How training digits are changed; at the end of a run, they are changed less."""

    rotation: float = option(0.0, Numbers(0.0, 180.0), "largest rotation, in degrees")
    scaling: float = option(0.0, Numbers(0.0, 0.9), "largest relative change of size, per axis")
    shear: float = option(0.0, Numbers(0.0, 2.0), "largest shear")
    translation: float = option(0.0, Numbers(0.0, 28.0), "largest shift, in pixels")
    elastic: float = option(
        0.0, Numbers(0.0, 28.0), "largest shift of a part of a stroke against the others, in pixels"
    )
    thickness: float = option(0.0, Numbers(0.0, 1.0), "most that strokes grow or shrink on each side, in pixels")
    variants: float = option(
        0.0,
        Numbers(0.0, 1.0),
        "share of the ones, sevens and zeros that get a serif or a foot, a bar, a slash",
    )
    gaps_and_lines: float = option(
        0.0,
        Numbers(0.0, 0.5),
        "share of the images whose strokes get gaps, and share of those that get a line below the digit",
    )
    unreadable: float = option(
        0.0,
        Numbers(0.0, 0.9),
        "share of the images that are made unreadable, for which every class is equally likely",
    )


@dataclasses.dataclass(frozen=True)
class DataConfig(Checked):
    """Which images a run trains on, and which it is measured by.

    Raises:
        ConfigError: a field is outside its range, or there are fewer digits.
    """

    image_size: int = option(
        28, WholeNumbers(28, 256), "side of the square image, in pixels; beyond 28 the digit lies anywhere in it"
    )
    clutter: int = option(0, WholeNumbers(0, 64), "pieces of 8x8 pixels of other digits that lie anywhere in the image")
    train_images: int = option(
        0, WholeNumbers(0, 59_999), "training images to use, the first of the shuffled split; 0 for all"
    )
    validation_images: int = option(
        5000, WholeNumbers(100, 59_000), "training images held back to choose the best checkpoint"
    )
    drawing_share: float = option(
        0.3, Numbers(0.01, 0.95), "share of an epoch that is drawings of your own, if the run has any"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        left = 60_000 - self.validation_images
        require(
            self.train_images <= left,
            "train_images",
            self.train_images,
            f"at most {left} with validation_images={self.validation_images}, because there are 60000 digits",
        )


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a model is trained, by concern. Nothing here changes the architecture.

    No two concerns have a field of the same name: files, flags and addresses name fields without their concern.
    """

    schedule: ScheduleConfig = ScheduleConfig()
    optimization: OptimizerConfig = OptimizerConfig()
    loss: LossConfig = LossConfig()
    pull: PullConfig = PullConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    data: DataConfig = DataConfig()

    @classmethod
    def of(cls, **values: Any) -> TrainConfig:
        """Builds a configuration from fields of any concern, by name.

        Raises:
            ConfigError: a field is unknown, or its value is not possible.
        """
        return cls().replace(**values)

    def replace(self, **values: Any) -> TrainConfig:
        """The same with other values for some fields of any concern.

        Raises:
            ConfigError: a field is unknown, or its value is not possible.
        """
        check_names("TrainConfig", config_fields(TrainConfig), values)
        parts = {}
        for concern in dataclasses.fields(self):
            part = getattr(self, concern.name)
            names = {field.name for field in dataclasses.fields(part)} & values.keys()
            parts[concern.name] = dataclasses.replace(part, **{name: values[name] for name in names})
        return TrainConfig(**parts)

    def flat(self) -> dict[str, Any]:
        """Every field of every concern, by name."""
        parts = (dataclasses.asdict(getattr(self, concern.name)) for concern in dataclasses.fields(self))
        return {name: value for part in parts for name, value in part.items()}


def concerns() -> dict[str, type]:
    """The concerns of a `TrainConfig`, by name."""
    return {field.name: type(field.default) for field in dataclasses.fields(TrainConfig)}


def config_fields(kind: type) -> tuple[dataclasses.Field, ...]:
    """The fields of a configuration; for `TrainConfig` those of all its concerns."""
    parts = concerns().values() if kind is TrainConfig else [kind]
    return tuple(field for part in parts for field in dataclasses.fields(part))


def parse_config(kind: type[C], values: dict[str, Any]) -> C:
    """Builds a configuration from untrusted plain values, such as a checkpoint's metadata.

    Raises:
        ConfigError: a field is unknown, its value is not possible, or there are no fields.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"{kind.__name__} has named fields, but {brief(values)} was found")
    values = with_current_names(values)
    check_names(kind.__name__, config_fields(kind), values)
    build: Any = TrainConfig.of if kind is TrainConfig else kind
    return build(**values)


def parse_what_is_known(kind: type[C], values: dict[str, Any]) -> tuple[C, dict[str, Any]]:
    """Builds a configuration from what another version wrote, and returns beside it what this one does not know.

    Those are fields that no longer exist, or do not exist yet, which are left out, and texts that are no choice, which
    give way to the default.

    Raises:
        ConfigError: a value is not possible, or there are no fields.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"{kind.__name__} has named fields, but {brief(values)} was found")
    possible = {field.name: field.metadata["values"] for field in config_fields(kind)}

    def is_known(name: str, value: Any) -> bool:
        other_text = isinstance(value, str) and isinstance(possible.get(name), Choices)
        return name in possible and not (other_text and value not in possible[name])

    current = with_current_names(values)
    unknown = {name: value for name, value in current.items() if not is_known(name, value)}
    return parse_config(kind, {name: value for name, value in current.items() if name not in unknown}), unknown
