import dataclasses
from typing import Any

import numpy as np
import pytest

from ram.config import AugmentationConfig, RAMConfig, TrainConfig, concerns, config_fields, parse_config
from ram.options import Choices, ConfigError, Numbers, Switch, WholeNumbers


def test_defaults_are_the_specifications() -> None:
    assert dataclasses.asdict(RAMConfig()) == {
        "glimpse_size": 8,
        "num_scales": 1,
        "num_glimpses": 6,
        "hidden_size": 256,
        "num_actions": 10,
        "location_std": 0.2,
        "glimpse_hidden_size": 128,
        "use_lstm": False,
    }


@pytest.mark.parametrize("config", [RAMConfig(), TrainConfig()])
def test_configurations_cannot_be_changed(config: RAMConfig | TrainConfig) -> None:
    name = dataclasses.fields(config)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        setattr(config, name, 1)


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("glimpse_size", 1, 256),
        ("num_scales", 1, 8),
        ("num_glimpses", 1, 64),
        ("hidden_size", 1, 4096),
        ("num_actions", 2, 1000),
        ("glimpse_hidden_size", 1, 4096),
    ],
)
def test_architecture_accepts_its_limits_and_nothing_beyond(field: str, low: int, high: int) -> None:
    for value in (low, high):
        assert getattr(parse_config(RAMConfig, {field: value}), field) == value
    for value in (low - 1, high + 1, -1, 10**9):
        with pytest.raises(
            ConfigError, match=f"^{field}={value} is not possible: it must be a whole number from {low}"
        ):
            parse_config(RAMConfig, {field: value})


@pytest.mark.parametrize("value", [8.0, "8", True, None, [8], float("nan")])
def test_whole_numbers_must_be_whole_numbers(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^glimpse_size=.* it must be a whole number from 1 to 256$"):
        RAMConfig(glimpse_size=value)


@pytest.mark.parametrize("value", [0.0, 2.1, -0.2, float("nan"), float("inf"), "0.2", True, None])
def test_location_std_must_be_a_number_in_range(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^location_std=.* it must be a number from 0\.001 to 2$"):
        RAMConfig(location_std=value)


def test_number_too_large_for_a_float_is_refused_like_any_other() -> None:
    with pytest.raises(ConfigError, match=r"^location_std=10{20,30}\.{3}0+ is not possible: it must be a number from"):
        RAMConfig(location_std=10**400)


def test_whole_numbers_do_where_fractions_are_possible() -> None:
    assert RAMConfig(location_std=1).location_std == 1
    assert AugmentationConfig(rotation=10).rotation == 10


@pytest.mark.parametrize("value", [0, 1, "yes", None])
def test_use_lstm_must_be_true_or_false(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^use_lstm=.* it must be True or False$"):
        RAMConfig(use_lstm=value)


def test_largest_patch_has_1024_pixels() -> None:
    assert RAMConfig(glimpse_size=8, num_scales=8).window_size(7) == 1024  # 8 * 2**7
    with pytest.raises(ConfigError, match=r"^num_scales=8 .* at most 1024 \(with glimpse_size=9 it is 1152\)$"):
        RAMConfig(glimpse_size=9, num_scales=8)  # 9 * 2**7


def test_patch_features_count_every_pixel_of_every_scale() -> None:
    config = RAMConfig(glimpse_size=5, num_scales=3)
    assert config.patch_features == 75  # 3 * 5 * 5
    assert [config.window_size(scale) for scale in range(3)] == [5, 10, 20]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("epochs", 0, "a whole number from 1 to 100000"),
        ("batch_size", 0, "a whole number from 1 to 60000"),
        ("batch_size", 60_001, "a whole number from 1 to 60000"),
        ("rollouts", 0, "a whole number from 1 to 256"),
        ("rollouts", 1.5, "a whole number from 1 to 256"),
        ("learning_rate", 0.0, "a number from 1e-08 to 10"),
        ("learning_rate", float("nan"), "a number from 1e-08 to 10"),
        ("weight_decay", -0.1, "a number from 0 to 10"),
        ("gradient_clip", 0.0, "a number from 1e-06 to 1e+06"),
        ("reinforce_weight", -1.0, "a number from 0 to 100"),
        ("value_weight", float("inf"), "a number from 0 to 100"),
        ("baseline", "mean", "one of ('value', 'rollouts', 'none')"),
        ("baseline", ["value"], "one of ('value', 'rollouts', 'none')"),
        ("reward", "probability", "one of ('hit', 'information')"),
        ("location_noise", 0.0, "a number from 0.001 to 2"),
        ("location_noise", 2.5, "a number from 0.001 to 2"),
        ("ema_decay", 1.0, "a number from 0 to 0.99999"),
        ("rotation", 181.0, "a number from 0 to 180"),
        ("scaling", 1.0, "a number from 0 to 0.9"),
        ("shear", -0.1, "a number from 0 to 2"),
        ("translation", 29.0, "a number from 0 to 28"),
        ("train_images", -1, "a whole number from 0 to 59999"),
        ("train_images", 60_000, "a whole number from 0 to 59999"),
        ("validation_images", 99, "a whole number from 100 to 59000"),
        ("seed", -1, "a whole number from 0 to 2147483647"),
        ("seed", 2**31, "a whole number from 0 to 2147483647"),
    ],
)
def test_training_refuses_impossible_values_by_name(field: str, value: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainConfig.of(**{field: value})
    assert str(caught.value) == f"{field}={value!r} is not possible: it must be {expected}"


def test_training_refuses_more_digits_than_there_are() -> None:
    assert TrainConfig.of(train_images=55_000, validation_images=5_000).data.train_images == 55_000
    with pytest.raises(ConfigError, match=r"^train_images=55001 .* at most 55000 with validation_images=5000"):
        TrainConfig.of(train_images=55_001, validation_images=5_000)


def test_rollouts_baseline_needs_a_second_rollout() -> None:
    assert TrainConfig.of(baseline="rollouts", rollouts=2).loss.baseline == "rollouts"
    with pytest.raises(ConfigError, match=r"^baseline='rollouts' .* when rollouts=1"):
        TrainConfig.of(baseline="rollouts", rollouts=1)


def test_config_error_is_a_value_error() -> None:
    assert issubclass(ConfigError, ValueError)


@pytest.mark.parametrize("kind", [RAMConfig, *concerns().values()])
def test_every_field_carries_its_values_and_its_explanation(kind: type) -> None:
    default = kind()
    for field in config_fields(kind):
        assert isinstance(field.metadata["values"], WholeNumbers | Numbers | Choices | Switch), field.name
        assert getattr(default, field.name) in field.metadata["values"]
        assert len(field.metadata["help"]) > 5, field.name


def test_no_two_fields_have_the_same_name() -> None:
    names = [field.name for kind in (RAMConfig, TrainConfig) for field in config_fields(kind)]
    assert len(names) == len(set(names))


def test_fields_find_their_concern() -> None:
    config = TrainConfig.of(epochs=3, baseline="none", rotation=10.0)
    assert (config.schedule.epochs, config.loss.baseline, config.augmentation.rotation) == (3, "none", 10.0)
    again = config.replace(epochs=4)
    assert (again.schedule.epochs, again.loss.baseline) == (4, "none")
    assert config.flat() == {**TrainConfig().flat(), "epochs": 3, "baseline": "none", "rotation": 10.0}
    with pytest.raises(ConfigError, match=r"^unknown field 'epoch' of TrainConfig; did you mean 'epochs'\?$"):
        config.replace(epoch=3)


def test_parse_config_returns_what_was_written() -> None:
    config = RAMConfig(glimpse_size=5, num_scales=2, location_std=0.05, use_lstm=True)
    assert parse_config(RAMConfig, dataclasses.asdict(config)) == config
    training = TrainConfig.of(epochs=3, baseline="none")
    assert parse_config(TrainConfig, training.flat()) == training


def test_parse_config_fills_in_fields_that_an_older_file_lacks() -> None:
    assert parse_config(RAMConfig, {"glimpse_size": 12}) == RAMConfig(glimpse_size=12)


def test_parse_config_knows_the_names_of_earlier_versions() -> None:
    earlier = {"epochs": 3, "noise_start": 0.2, "noise_end": 0.2, "nonsense": 0.1, "distillation": 0.0}
    earlier |= {"finish": 0.0, "finishes": 1, "finish_spread": 0.0}
    assert parse_config(TrainConfig, earlier) == TrainConfig.of(epochs=3, location_noise=0.2, unreadable=0.1)


@pytest.mark.parametrize(
    ("values", "unknown"),
    [
        ({"noise_start": 0.2, "noise_end": 0.05}, "noise_end"),
        ({"distillation": 0.8}, "distillation"),
        ({"finish": 0.4, "finishes": 1, "finish_spread": 0.0}, "finish"),
    ],
)
def test_parse_config_refuses_what_cannot_be_said_today(values: dict[str, float], unknown: str) -> None:
    with pytest.raises(ConfigError, match=f"^unknown field '{unknown}' of TrainConfig"):
        parse_config(TrainConfig, values)


def test_parse_config_names_an_unknown_field() -> None:
    with pytest.raises(ConfigError, match=r"^unknown field 'glimpse_sise' of .*; did you mean 'glimpse_size'\?$"):
        parse_config(RAMConfig, {"glimpse_sise": 12})
    with pytest.raises(ConfigError, match=r"^unknown field 'dropout' of RAMConfig$"):
        parse_config(RAMConfig, {"dropout": 0.5})


def test_parse_config_checks_the_values() -> None:
    with pytest.raises(ConfigError, match=r"^hidden_size=1000000000 is not possible"):
        parse_config(RAMConfig, {"hidden_size": 10**9})


def test_numpys_numbers_are_numbers() -> None:
    numbers: dict[str, Any] = {"glimpse_size": np.int64(4), "location_std": np.float64(0.5), "use_lstm": np.bool_(True)}
    config = RAMConfig(**numbers)
    assert config == RAMConfig(glimpse_size=4, location_std=0.5, use_lstm=True)
    assert [type(value) for value in (config.glimpse_size, config.location_std, config.use_lstm)] == [int, float, bool]
    with pytest.raises(ConfigError, match="glimpse_size=True is not possible"):
        RAMConfig(glimpse_size=np.bool_(True))  # type: ignore[arg-type]
