"""What can be configured: the model's architecture and the way it is trained."""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any, Literal, TypeVar, get_args

Baseline = Literal["value", "rollouts", "none"]
Reward = Literal["hit", "probability", "information"]
OptimizerName = Literal["adamw", "muon"]
Precision = Literal["auto", "float32", "bfloat16"]
C = TypeVar("C")


class ConfigError(ValueError):
    """A configuration that cannot work; the message names the field, its value and the remedy."""


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{name}={value!r} is not possible: it must be {expected}")


def _require_whole(name: str, value: object, low: int, high: int) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    _require(whole, name, value, f"a whole number from {low} to {high}")


def _require_number(name: str, value: object, low: float, high: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    in_range = number and low <= value <= high  # type: ignore[operator]  # false for NaN
    _require(in_range, name, value, f"a number from {low:g} to {high:g}")


def _help(text: str, **more: Any) -> Any:
    """Attaches the one-sentence explanation that the command line and the app show for a field."""
    return dataclasses.field(metadata={"help": text}, **more)


@dataclasses.dataclass(frozen=True)
class RAMConfig:
    """The architecture of a Recurrent Attention Model; the defaults are the specification's.

    Raises:
        ConfigError: a field is outside its range, or the largest patch would exceed 1,024 pixels.
    """

    glimpse_size: int = _help("side of a glimpse patch, in pixels", default=8)
    num_scales: int = _help("patches per glimpse, each covering twice the side of the one before", default=1)
    num_glimpses: int = _help("glimpses per image", default=6)
    hidden_size: int = _help("units of the hidden state", default=256)
    num_actions: int = _help("classes", default=10)
    location_std: float = _help(
        "standard deviation of the location policy, in units of the [-1, 1] image frame", default=0.2
    )
    glimpse_hidden_size: int = _help("units of each of the two glimpse encoders", default=128)
    use_lstm: bool = _help("use an LSTM core instead of the simple RNN", default=False)

    def __post_init__(self) -> None:
        _require_whole("glimpse_size", self.glimpse_size, 1, 256)
        _require_whole("num_scales", self.num_scales, 1, 8)
        _require_whole("num_glimpses", self.num_glimpses, 1, 64)
        _require_whole("hidden_size", self.hidden_size, 1, 4096)
        _require_whole("num_actions", self.num_actions, 2, 1000)
        _require_number("location_std", self.location_std, 1e-3, 2.0)
        _require_whole("glimpse_hidden_size", self.glimpse_hidden_size, 1, 4096)
        _require(isinstance(self.use_lstm, bool), "use_lstm", self.use_lstm, "True or False")
        _require(
            self.window_size(self.num_scales - 1) <= 1024,
            "num_scales",
            self.num_scales,
            f"small enough that glimpse_size * 2**(num_scales - 1) is at most 1024 "
            f"(with glimpse_size={self.glimpse_size} it is {self.window_size(self.num_scales - 1)})",
        )

    @property
    def patch_features(self) -> int:
        """Length of a flattened glimpse: num_scales * glimpse_size * glimpse_size."""
        return self.num_scales * self.glimpse_size**2

    def window_size(self, scale: int) -> int:
        """Side of the image region, in pixels, that the patch at `scale` covers."""
        return self.glimpse_size * 2**scale


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a model is trained. Nothing here changes the architecture.

    Raises:
        ConfigError: a field is outside its range.
    """

    epochs: int = _help("passes over the training images", default=20)
    minutes: float = _help("time budget that ends the run, and shapes its schedule, instead of the epochs", default=0.0)
    batch_size: int = _help("images per optimiser step", default=128)
    rollouts: int = _help("sampled episodes per training image", default=4)
    optimizer: OptimizerName = _help(
        "AdamW, or Muon for the matrices between hidden units and AdamW for the rest", default="adamw"
    )
    learning_rate: float = _help("peak learning rate of the one-cycle schedule", default=2e-3)
    warm_up: float = _help("share of the run in which the learning rate rises", default=0.1)
    finish: float = _help(
        "share of the run, at its end, in which digits are changed less and the learning rate rises once more, to half "
        "its peak",
        default=0.0,
    )
    finishes: int = _help(
        "times that the finish is gone through, in equal parts of it and each from the same weights; the model is the "
        "mean of their ends",
        default=1,
    )
    finish_spread: float = _help(
        "how far the finishes differ: their changes are two thirds as strong, less this in the first, more in the last",
        default=0.0,
    )
    weight_decay: float = _help("the optimiser's decoupled weight decay", default=0.01)
    gradient_clip: float = _help("largest norm of the gradient of one step", default=5.0)
    reinforce_weight: float = _help("weight of the REINFORCE loss beside the cross-entropy", default=0.1)
    value_weight: float = _help("weight of the value network's squared error", default=0.5)
    baseline: Baseline = _help(
        "what is subtracted from the reward: the value network, the mean of the other rollouts, or none",
        default="value",
    )
    reward: Reward = _help(
        "what an episode earns: 1 if its answer is right; the probability of the right class; or the share of the "
        "information about the class that the answer has",
        default="hit",
    )
    guidance: float = _help(
        "weight of a pull on looks that miss the digit, which fades away in the first half of the run", default=0.0
    )
    coverage: float = _help(
        "how many times as strong as the guidance a pull of looks to the four quarters of the digit is", default=0.0
    )
    noise_start: float = _help("standard deviation of training's sampled locations at the start", default=0.1)
    noise_end: float = _help("the same at the end; it moves linearly in between", default=0.1)
    ema_decay: float = _help("decay per step of the averaged weights that are evaluated and saved", default=0.999)
    rotation: float = _help("augmentation: largest rotation, in degrees", default=0.0)
    scaling: float = _help("augmentation: largest relative change of size, per axis", default=0.0)
    shear: float = _help("augmentation: largest shear", default=0.0)
    translation: float = _help("augmentation: largest shift, in pixels", default=0.0)
    elastic: float = _help(
        "augmentation: largest shift of a part of a stroke against the others, in pixels", default=0.0
    )
    thickness: float = _help(
        "augmentation: most that is put around strokes, or taken off them, in pixels a side", default=0.0
    )
    variants: float = _help(
        "augmentation: share of the ones, sevens and zeros that get a serif or a foot, a bar, a slash", default=0.0
    )
    nonsense: float = _help(
        "share of the images that are made unreadable; of these the model learns that it cannot know", default=0.0
    )
    image_size: int = _help("side of the square image, in pixels; beyond 28 the digit lies anywhere in it", default=28)
    clutter: int = _help("pieces of 8x8 pixels of other digits that lie anywhere in the image", default=0)
    precision: Precision = _help(
        "number format of the matrix products; auto takes bfloat16 where the processor multiplies it natively",
        default="auto",
    )
    train_images: int = _help("training images to use, the first of the shuffled split; 0 for all", default=0)
    drawing_share: float = _help("share of an epoch that is drawings of your own, if the run has any", default=0.3)
    validation_images: int = _help("training images held back to choose the best checkpoint", default=5000)
    seed: int = _help("seed of everything random in the run", default=0)

    def __post_init__(self) -> None:
        _require_whole("epochs", self.epochs, 1, 100_000)
        _require_number("minutes", self.minutes, 0.0, 10_000.0)
        _require_whole("batch_size", self.batch_size, 1, 60_000)
        _require_whole("rollouts", self.rollouts, 1, 256)
        _require(
            self.optimizer in get_args(OptimizerName), "optimizer", self.optimizer, f"one of {get_args(OptimizerName)}"
        )
        _require_number("learning_rate", self.learning_rate, 1e-8, 10.0)
        _require_number("warm_up", self.warm_up, 0.0, 0.9)
        _require_number("finish", self.finish, 0.0, 0.9)
        _require_whole("finishes", self.finishes, 1, 16)
        _require_number("finish_spread", self.finish_spread, 0.0, 1 / 3)
        _require_number("weight_decay", self.weight_decay, 0.0, 10.0)
        _require_number("gradient_clip", self.gradient_clip, 1e-6, 1e6)
        _require_number("reinforce_weight", self.reinforce_weight, 0.0, 100.0)
        _require_number("value_weight", self.value_weight, 0.0, 100.0)
        _require(self.baseline in get_args(Baseline), "baseline", self.baseline, f"one of {get_args(Baseline)}")
        _require(
            self.baseline != "rollouts" or self.rollouts > 1,
            "baseline",
            self.baseline,
            "'value' or 'none' when rollouts=1, because there are no other rollouts to compare with",
        )
        _require(self.reward in get_args(Reward), "reward", self.reward, f"one of {get_args(Reward)}")
        _require_number("guidance", self.guidance, 0.0, 100.0)
        _require_number("coverage", self.coverage, 0.0, 100.0)
        _require_number("noise_start", self.noise_start, 1e-3, 2.0)
        _require_number("noise_end", self.noise_end, 1e-3, 2.0)
        _require_number("ema_decay", self.ema_decay, 0.0, 0.99999)
        _require_number("rotation", self.rotation, 0.0, 180.0)
        _require_number("scaling", self.scaling, 0.0, 0.9)
        _require_number("shear", self.shear, 0.0, 2.0)
        _require_number("translation", self.translation, 0.0, 28.0)
        _require_number("elastic", self.elastic, 0.0, 28.0)
        _require_number("thickness", self.thickness, 0.0, 1.0)
        _require_number("variants", self.variants, 0.0, 1.0)
        _require_number("nonsense", self.nonsense, 0.0, 0.9)
        _require_whole("image_size", self.image_size, 28, 256)
        _require_whole("clutter", self.clutter, 0, 64)
        _require(self.precision in get_args(Precision), "precision", self.precision, f"one of {get_args(Precision)}")
        _require_whole("train_images", self.train_images, 0, 59_999)
        _require_whole("validation_images", self.validation_images, 100, 59_000)
        _require_number("drawing_share", self.drawing_share, 0.01, 0.95)
        left = 60_000 - self.validation_images
        _require(
            self.train_images <= left,
            "train_images",
            self.train_images,
            f"at most {left} with validation_images={self.validation_images}, because there are 60000 digits",
        )
        _require_whole("seed", self.seed, 0, 2**31 - 1)

    def with_lighter_changes(self, strength: float) -> TrainConfig:
        """The same, but all that is done to a digit is `strength` times as strong, or as frequent."""
        kinds = ("rotation", "scaling", "shear", "translation", "elastic", "thickness", "variants", "nonsense")
        return dataclasses.replace(self, **{kind: getattr(self, kind) * strength for kind in kinds})


@dataclasses.dataclass(frozen=True)
class Preset:
    """A named pair of configurations that one command reproduces."""

    title: str
    description: str
    model: RAMConfig
    training: TrainConfig
    start: str = ""
    """The shipped checkpoint that it goes on from; random weights if empty."""


_ONE_MINUTE = RAMConfig(num_glimpses=4, num_scales=2)
_LIGHT_WARP: dict[str, Any] = {"rotation": 10.0, "scaling": 0.1, "shear": 0.1, "translation": 1.0}
_STRONG_WARP: dict[str, Any] = {
    "rotation": 12.0,
    "scaling": 0.12,
    "shear": 0.15,
    "translation": 1.0,
    "elastic": 1.0,
}
# Two thirds of it: pieces of other digits at other places are changes enough.
_CLUTTER_WARP: dict[str, Any] = {"rotation": 8.0, "scaling": 0.08, "shear": 0.1, "translation": 0.67, "elastic": 0.67}
# All that people draw otherwise than MNIST's writers.
_AS_DRAWN: dict[str, Any] = {
    **_STRONG_WARP,
    "scaling": 0.15,
    "shear": 0.2,
    "translation": 1.5,
    "thickness": 0.4,
    "variants": 0.25,
    "nonsense": 0.08,
}
_LONG: dict[str, Any] = {"baseline": "rollouts", "reward": "information", "warm_up": 0.02, "ema_decay": 0.9998}
_FAST: dict[str, Any] = {"optimizer": "muon", "batch_size": 256}
_DRAWN: dict[str, Any] = {
    "finishes": 5,
    "finish_spread": 0.333,  # the last one changes digits as strongly as the main part does, the first a third of that
    "rollouts": 2,
    "reinforce_weight": 0.25,
    **_LONG,
    **_FAST,
    **_AS_DRAWN,
}
_WIDE = RAMConfig(glimpse_size=12, num_scales=3, num_glimpses=8)
_LARGE: dict[str, Any] = {"rollouts": 2, "reinforce_weight": 0.3, "guidance": 1.0, **_LONG}
_CLUTTERED: dict[str, Any] = {"coverage": 2.0, **_FAST, **_LARGE, **_CLUTTER_WARP}

PRESETS: dict[str, Preset] = {
    "one-minute": Preset(
        "One minute",
        "four glimpses at two scales: right about 97 times in 100 after one minute",
        _ONE_MINUTE,
        TrainConfig(minutes=1.0, rollouts=1, learning_rate=3e-3),
    ),
    "five-minutes": Preset(
        "Five minutes",
        "the specification's six glimpses of 8×8 pixels, which take longer to learn",
        RAMConfig(),
        TrainConfig(minutes=5.0, rollouts=1, learning_rate=3e-3),
    ),
    "no-baseline": Preset(
        "See it fail: no baseline",
        "the one-minute run with a strong REINFORCE gradient and nothing subtracted from the reward",
        _ONE_MINUTE,
        TrainConfig(minutes=1.0, rollouts=1, learning_rate=3e-3, reinforce_weight=1.0, baseline="none"),
    ),
    "tiny-glimpses": Preset(
        "Glimpses too small",
        "four glimpses of 3×3 pixels: too little to see what it is, and no way to find out where to look",
        RAMConfig(num_glimpses=4, glimpse_size=3),
        TrainConfig(minutes=1.0, rollouts=1, learning_rate=3e-3),
    ),
    "my-drawings": Preset(
        "My drawings",
        "goes on from a trained model with your own drawings among MNIST's digits",
        RAMConfig(),
        TrainConfig(minutes=1.0, rollouts=2, learning_rate=5e-4, **_LIGHT_WARP),
    ),
    "mnist": Preset(
        "The shipped model",
        "the specification's defaults, trained for two hours",
        RAMConfig(),
        TrainConfig(epochs=700, finish=0.55, **_DRAWN),
    ),
    "mnist-lstm": Preset(
        "With an LSTM",
        "the same with an LSTM as memory",
        RAMConfig(use_lstm=True),
        TrainConfig(epochs=304, finish=160 / 304, **_DRAWN),
    ),
    "translated-60": Preset(
        "A digit anywhere",
        "60×60 pixels, eight glimpses of 12×12 at three scales",
        _WIDE,
        TrainConfig(epochs=530, finish=0.4, image_size=60, **_LARGE, **_STRONG_WARP),
    ),
    "cluttered-60": Preset(
        "A digit among clutter",
        "goes on from translated-60 with four pieces of other digits in each image",
        _WIDE,
        TrainConfig(epochs=290, image_size=60, clutter=4, **_CLUTTERED),
        start="translated-60",
    ),
    "cluttered-100": Preset(
        "A digit lost in clutter",
        "goes on from cluttered-60 with 100×100 pixels, eight pieces of other digits and a fourth scale",
        dataclasses.replace(_WIDE, num_scales=4),
        TrainConfig(epochs=55, learning_rate=1e-3, image_size=100, clutter=8, **_CLUTTERED),
        start="cluttered-60",
    ),
}


_RETIRED = {"distillation"}  # of earlier versions, whose files have it; where it was off, nothing is amiss


def parse_config(kind: type[C], values: dict[str, Any]) -> C:
    """Builds a configuration from untrusted plain values, such as a checkpoint's metadata.

    Raises:
        ConfigError: a field is unknown, or its value is not possible.
    """
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(name for name in set(values) - known if name not in _RETIRED or values[name])
    if unknown:
        alike = difflib.get_close_matches(unknown[0], known, n=1)
        meant = f"; did you mean {alike[0]!r}?" if alike else ""
        raise ConfigError(f"unknown field {unknown[0]!r} of {kind.__name__}{meant}")
    return kind(**{name: values[name] for name in known & set(values)})
