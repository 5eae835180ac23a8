"""What can be configured: the architecture of a model, and how it is trained, one dataclass for each concern.

Every field carries the values that are possible and the sentence that explains it. Validation, the command line's
flags, and the app's form and help all come from there.
"""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any, Literal, TypeVar, get_args

Baseline = Literal["value", "rollouts", "none"]
Reward = Literal["hit", "information"]
OptimizerName = Literal["adamw", "muon"]
Precision = Literal["auto", "float32", "bfloat16"]
C = TypeVar("C")


class ConfigError(ValueError):
    """A configuration that cannot work; the message names the field, its value and the remedy."""


@dataclasses.dataclass(frozen=True)
class WholeNumbers:
    """All whole numbers from `low` to `high`."""

    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"a whole number from {self.low} to {self.high}"


@dataclasses.dataclass(frozen=True)
class Numbers:
    """All numbers from `low` to `high`, whole or not."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        # NaN fails the comparison.
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"


@dataclasses.dataclass(frozen=True)
class Choices:
    """A few words."""

    options: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.options

    def __str__(self) -> str:
        return f"one of {self.options}"


@dataclasses.dataclass(frozen=True)
class Switch:
    """True or False, and not 1 or 0."""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "True or False"


Values = WholeNumbers | Numbers | Choices | Switch


def _field(default: Any, values: Values, explanation: str) -> Any:
    """A field of a configuration: its default, the values that are possible, and what it means."""
    return dataclasses.field(default=default, metadata={"values": values, "help": explanation})


def _require(condition: bool, name: str, value: object, expected: object) -> None:
    if not condition:
        raise ConfigError(f"{name}={value!r} is not possible: it must be {expected}")


class _Checked:
    """A dataclass whose fields are checked against their possible values.

    Raises:
        ConfigError: a field has another value.
    """

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value, possible = getattr(self, field.name), field.metadata["values"]
            _require(value in possible, field.name, value, possible)


@dataclasses.dataclass(frozen=True)
class RAMConfig(_Checked):
    """The architecture of a Recurrent Attention Model; the defaults are the specification's.

    Raises:
        ConfigError: a field is outside its range, or the largest patch would exceed 1,024 pixels.
    """

    glimpse_size: int = _field(8, WholeNumbers(1, 256), "side of a glimpse patch, in pixels")
    num_scales: int = _field(
        1, WholeNumbers(1, 8), "patches per glimpse, each covering twice the side of the one before"
    )
    num_glimpses: int = _field(6, WholeNumbers(1, 64), "glimpses per image")
    hidden_size: int = _field(256, WholeNumbers(1, 4096), "units of the hidden state")
    num_actions: int = _field(10, WholeNumbers(2, 1000), "classes")
    location_std: float = _field(
        0.2, Numbers(1e-3, 2.0), "standard deviation of the location policy, in units of the [-1, 1] image frame"
    )
    glimpse_hidden_size: int = _field(128, WholeNumbers(1, 4096), "units of each of the two glimpse encoders")
    use_lstm: bool = _field(False, Switch(), "use an LSTM core instead of the simple RNN")

    def __post_init__(self) -> None:
        super().__post_init__()
        largest = self.window_size(self.num_scales - 1)
        _require(
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
class ScheduleConfig(_Checked):
    """How long a run trains, and with which learning rate."""

    epochs: int = _field(20, WholeNumbers(1, 100_000), "passes over the training images")
    minutes: float = _field(
        0.0, Numbers(0, 10_000), "time budget that ends the run, and shapes its schedule, instead of the epochs"
    )
    learning_rate: float = _field(2e-3, Numbers(1e-8, 10), "peak learning rate of the one-cycle schedule")
    warm_up: float = _field(0.1, Numbers(0, 0.9), "share of the run in which the learning rate rises")
    batch_size: int = _field(128, WholeNumbers(1, 60_000), "images per optimiser step")
    seed: int = _field(0, WholeNumbers(0, 2**31 - 1), "seed of everything random in the run")


@dataclasses.dataclass(frozen=True)
class OptimizerConfig(_Checked):
    """What a training step does with the gradient."""

    optimizer: OptimizerName = _field(
        "adamw",
        Choices(get_args(OptimizerName)),
        "AdamW, or Muon for the matrices between hidden units and AdamW for the rest",
    )
    weight_decay: float = _field(0.01, Numbers(0, 10), "the optimiser's decoupled weight decay")
    gradient_clip: float = _field(5.0, Numbers(1e-6, 1e6), "largest norm of the gradient of one step")
    ema_decay: float = _field(
        0.999, Numbers(0, 0.99999), "decay per step of the averaged weights that are evaluated and saved"
    )
    precision: Precision = _field(
        "auto",
        Choices(get_args(Precision)),
        "number format of the matrix products; auto takes bfloat16 on a CPU that multiplies it natively, and TF32 on a "
        "GPU",
    )


@dataclasses.dataclass(frozen=True)
class LossConfig(_Checked):
    """What training minimises.

    Raises:
        ConfigError: a field is outside its range, or there are no other rollouts for the baseline.
    """

    rollouts: int = _field(4, WholeNumbers(1, 256), "sampled episodes per training image")
    location_noise: float = _field(0.1, Numbers(1e-3, 2.0), "standard deviation of training's sampled locations")
    reinforce_weight: float = _field(0.1, Numbers(0, 100), "weight of the REINFORCE loss beside the cross-entropy")
    value_weight: float = _field(0.5, Numbers(0, 100), "weight of the value network's squared error")
    baseline: Baseline = _field(
        "value",
        Choices(get_args(Baseline)),
        "what is subtracted from the reward: the value network, the mean of the other rollouts, or none",
    )
    reward: Reward = _field(
        "hit",
        Choices(get_args(Reward)),
        "what an episode earns: 1 if its answer is right, or the share of the information about the class that the "
        "answer has",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            self.baseline != "rollouts" or self.rollouts > 1,
            "baseline",
            self.baseline,
            "'value' or 'none' when rollouts=1, because there are no other rollouts to compare with",
        )


@dataclasses.dataclass(frozen=True)
class PullConfig(_Checked):
    """Whether looks are pulled towards the digit."""

    guidance: float = _field(0.0, Numbers(0, 100), "weight of a pull on looks that miss the digit")
    coverage: float = _field(
        0.0,
        Numbers(0, 100),
        "strength of a pull of looks to each of the four quarters of the digit, as a multiple of the guidance",
    )


@dataclasses.dataclass(frozen=True)
class AugmentationConfig(_Checked):
    """How training digits are changed; at the end of a run, they are changed less."""

    rotation: float = _field(0.0, Numbers(0, 180), "largest rotation, in degrees")
    scaling: float = _field(0.0, Numbers(0, 0.9), "largest relative change of size, per axis")
    shear: float = _field(0.0, Numbers(0, 2), "largest shear")
    translation: float = _field(0.0, Numbers(0, 28), "largest shift, in pixels")
    elastic: float = _field(0.0, Numbers(0, 28), "largest shift of a part of a stroke against the others, in pixels")
    thickness: float = _field(0.0, Numbers(0, 1), "most that strokes grow or shrink on each side, in pixels")
    variants: float = _field(
        0.0,
        Numbers(0, 1),
        "share of the ones, sevens and zeros that get a serif or a foot, a bar, a slash",
    )
    gaps_and_lines: float = _field(
        0.0,
        Numbers(0, 0.5),
        "share of the images whose strokes get gaps, and share of those that get a line below the digit",
    )
    unreadable: float = _field(
        0.0,
        Numbers(0, 0.9),
        "share of the images that are made unreadable, for which every class is equally likely",
    )


@dataclasses.dataclass(frozen=True)
class DataConfig(_Checked):
    """Which images a run trains on, and which it is measured by.

    Raises:
        ConfigError: a field is outside its range, or there are fewer digits.
    """

    image_size: int = _field(
        28, WholeNumbers(28, 256), "side of the square image, in pixels; beyond 28 the digit lies anywhere in it"
    )
    clutter: int = _field(0, WholeNumbers(0, 64), "pieces of 8x8 pixels of other digits that lie anywhere in the image")
    train_images: int = _field(
        0, WholeNumbers(0, 59_999), "training images to use, the first of the shuffled split; 0 for all"
    )
    validation_images: int = _field(
        5000, WholeNumbers(100, 59_000), "training images held back to choose the best checkpoint"
    )
    drawing_share: float = _field(
        0.3, Numbers(0.01, 0.95), "share of an epoch that is drawings of your own, if the run has any"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        left = 60_000 - self.validation_images
        _require(
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
        _check_names(TrainConfig, values)
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


# Fields as earlier versions wrote them into run folders, checkpoints and addresses, and what they are called today.
# The noise once moved from a start to an end: a file that names both must give both the same value.
_EARLIER = {"noise_start": "location_noise", "noise_end": "location_noise", "nonsense": "unreadable"}
# Fields of earlier versions that are gone: a file may have them with the value that switched them off.
_GONE = {"distillation": 0, "finish": 0, "finishes": 1, "finish_spread": 0}


def with_current_names(values: dict[str, Any]) -> dict[str, Any]:
    """Renames the fields that earlier versions called otherwise; leaves those that cannot be expressed today."""
    current = {
        name: value
        for name, value in values.items()
        if name not in _EARLIER and not (name in _GONE and value == _GONE[name])
    }
    for earlier, name in _EARLIER.items():
        if earlier in values and current.setdefault(name, values[earlier]) != values[earlier]:
            current[earlier] = values[earlier]
    return current


def parse_config(kind: type[C], values: dict[str, Any]) -> C:
    """Builds a configuration from untrusted plain values, such as a checkpoint's metadata.

    Raises:
        ConfigError: a field is unknown, its value is not possible, or there are no fields.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"{kind.__name__} has named fields, but {values!r} was found")
    values = with_current_names(values)
    _check_names(kind, values)
    build: Any = TrainConfig.of if kind is TrainConfig else kind
    return build(**values)


def _check_names(kind: type, values: dict[str, Any]) -> None:
    known = {field.name for field in config_fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        alike = difflib.get_close_matches(unknown[0], known, n=1)
        meant = f"; did you mean {alike[0]!r}?" if alike else ""
        raise ConfigError(f"unknown field {unknown[0]!r} of {kind.__name__}{meant}")
