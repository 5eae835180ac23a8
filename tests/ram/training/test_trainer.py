import dataclasses
import math
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ram.checkpoints import load_checkpoint, read_info
from ram.config import RAMConfig, TrainConfig
from ram.data.collection import Collection
from ram.data.mnist import Digits
from ram.evaluation import count_errors
from ram.options import ConfigError
from ram.training.learner import TrainingError
from ram.training.run_folder import RunConfig, RunError, RunFolder
from ram.training.trainer import Pace, Trainer
from tests.ram.short_run import EVERY_STEP, MODEL, TRAINING, best, make_trainer, metrics, same, train, weights


@pytest.fixture(scope="module")
def zeros_and_ones(training_digits: Digits) -> Digits:
    """Digits that even a tiny model can learn in seconds."""
    return training_digits.take((training_digits.labels < 2).nonzero().flatten()[:600])


def mean(name: str, rows: list[dict[str, Any]]) -> float:
    return statistics.fmean(row[name] for row in rows)


def test_training_reduces_the_loss_and_raises_the_reward(tmp_path: Path, zeros_and_ones: Digits) -> None:
    folder = RunFolder(tmp_path / "run")
    model = RAMConfig(glimpse_size=12, num_glimpses=3, hidden_size=64, glimpse_hidden_size=32)
    training = TrainConfig.of(
        epochs=4, batch_size=16, rollouts=2, learning_rate=4e-3, ema_decay=0.5, train_images=400, validation_images=100
    )
    folder.create(RunConfig("mnist", model, training))
    train(Trainer(folder, zeros_and_ones, torch.device("cpu"), pace=EVERY_STEP))
    rows = folder.read_metrics()[1:]
    first, last = rows[:5], rows[-25:]
    # At first it knows nothing of ten classes, ln 10 = 2.303; to know that two occur would bring ln 2 = 0.693.
    assert rows[0]["action_loss"] == pytest.approx(2.303, abs=0.15)
    assert mean("action_loss", last) < 0.69
    assert mean("reward", last) > mean("reward", first) + 0.2
    assert mean("reward", last) > 0.55
    # The baseline has learned what to expect.
    assert mean("value", last) == pytest.approx(mean("reward", last), abs=0.15)


def test_every_step_is_reported_and_every_epoch_measured(uninterrupted: Trainer) -> None:
    rows = metrics(uninterrupted)
    assert [row["step"] for row in rows] == list(range(17))
    assert [row["epoch"] for row in rows] == [step / 8 for step in range(17)]
    # Untrained, after an eighth, a quarter and half of the first epoch, and after each epoch
    assert [row["step"] for row in rows if "validation_error" in row] == [0, 1, 2, 4, 8, 16]
    assert all(math.isfinite(value) for row in rows for value in row.values())


def test_short_epochs_are_measured_every_few(tmp_path: Path, digits: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", digits, Pace(least_steps=20), epochs=7)
    train(trainer)
    # Three epochs of 8 steps: after 1/16, 1/8, 1/4 and 1/2 of them, after each three, and at the end
    measured = [row["step"] for row in metrics(trainer) if "validation_error" in row]
    assert measured == [0, 1, 3, 6, 12, 24, 48, 56]


def test_readings_between_two_reports_are_averaged(tmp_path: Path, digits: Digits, uninterrupted: Trainer) -> None:
    trainer = make_trainer(tmp_path / "run", digits, Pace(report_s=3600.0, least_steps=1))
    train(trainer)
    *_, first, second = metrics(trainer)
    assert (first["step"], second["step"]) == (8, 16)
    rewards = [row["reward"] for row in metrics(uninterrupted)[1:]]
    assert first["reward"] == pytest.approx(sum(rewards[4:8]) / 4, abs=1e-5)
    assert second["reward"] == pytest.approx(sum(rewards[8:]) / 8, abs=1e-5)


def test_finished_run_says_so(uninterrupted: Trainer) -> None:
    state = uninterrupted.folder.read_state()
    assert state is not None
    assert (state.status, state.epoch, state.step, state.steps, state.eta_s) == ("finished", 2, 16, 16, 0.0)
    assert state.best_error == min(row.get("validation_error", 100) for row in metrics(uninterrupted))


def test_time_budget_ends_the_run_with_a_checkpoint_and_survives_a_stop(tmp_path: Path, digits: Digits) -> None:
    budget: dict[str, Any] = {"minutes": 4 / 60, "epochs": 1}  # far more than the 8 steps of one epoch
    first = make_trainer(tmp_path / "run", digits, **budget)
    assert train(first, stop_at=12) == "stopped"
    assert 0 < first.progress.share < 1
    resumed = make_trainer(tmp_path / "run", digits)
    resumed.restore()
    assert resumed.progress.elapsed == first.progress.elapsed
    assert train(resumed) == "finished"
    assert resumed.progress.step > 12
    assert resumed.progress.share == 1
    state = resumed.folder.read_state()
    assert state is not None
    assert (state.step, state.eta_s) == (state.steps, 0)
    assert metrics(resumed)[-1]["validation_error"] >= state.best_error  # the end is validated, whatever the epoch
    # The learning rate has come down with the clock.
    assert resumed.learner.optimizers[0].param_groups[0]["lr"] < 0.1 * TRAINING.schedule.learning_rate


def test_same_seed_trains_to_the_same_weights(tmp_path: Path, digits: Digits, uninterrupted: Trainer) -> None:
    torch.rand(5)  # whatever is drawn before and meanwhile from the global generator has no part in it
    trainer = make_trainer(tmp_path / "run", digits)
    trainer.run(lambda: bool(torch.rand(1) > 1), lambda _row: None)
    assert same(weights(trainer), weights(uninterrupted))
    assert metrics(trainer) == metrics(uninterrupted)
    assert best(trainer) == best(uninterrupted)


def test_other_seed_trains_to_other_weights(tmp_path: Path, digits: Digits, uninterrupted: Trainer) -> None:
    trainer = make_trainer(tmp_path / "run", digits, seed=8)
    train(trainer)
    assert not same(weights(trainer), weights(uninterrupted))


def test_best_checkpoint_is_kept_when_the_model_gets_worse(tmp_path: Path, zeros_and_ones: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", zeros_and_ones, epochs=3)
    best_after_epoch: list[bytes] = []
    errors: list[float] = []

    def spoil_third_epoch() -> bool:
        if trainer.progress.step == 24:
            with torch.no_grad():  # now it always answers 9
                trainer.learner.averaged.action_network.linear.weight.zero_()
                trainer.learner.averaged.action_network.linear.bias[9] = 100.0
        return False

    def watch(row: dict[str, Any]) -> None:
        if "validation_error" in row:
            errors.append(row["validation_error"])
            best_after_epoch.append(trainer.folder.best.read_bytes())

    state = trainer.run(spoil_third_epoch, watch)
    assert errors[-1] == 100.0  # there are only zeros and ones
    assert min(errors) < 100.0
    assert best_after_epoch[-1] == best_after_epoch[-2]
    assert state.best_error == min(errors)
    model = load_checkpoint(trainer.folder.best, "cpu")
    wrong = sum(count_errors(model, trainer.measuring.validation, seed=seed) for seed in (0, 1))
    assert 100 * wrong / 200 == min(errors)


def test_best_checkpoint_holds_the_averaged_weights_and_how_it_came_about(uninterrupted: Trainer) -> None:
    rows = [row for row in metrics(uninterrupted) if "validation_error" in row]
    lowest = min(row["validation_error"] for row in rows)
    info = read_info(uninterrupted.folder.best)
    assert info.config == MODEL
    assert info.image_size == 28
    assert info.recipe == {"preset": "mnist", **TRAINING.flat()}
    # The later of two equally good ones is kept: it has seen more.
    chosen = [row for row in rows if row["validation_error"] == lowest][-1]
    epoch = int(chosen["epoch"])
    assert info.results == {"validation_error": lowest, "training_error": chosen["training_error"], "epoch": epoch}
    assert info.class_names() == tuple("0123456789")
    model = load_checkpoint(uninterrupted.folder.best, "cpu")
    wrong = [count_errors(model, uninterrupted.measuring.validation, seed=seed) for seed in (0, 1)]
    assert lowest == pytest.approx(100 * sum(wrong) / 200)
    if chosen["epoch"] == 2:
        assert all(
            weight.equal(model.state_dict()[name])
            for name, weight in uninterrupted.learner.averaged.state_dict().items()
        )


def grey_digits() -> Digits:
    """250 digits that can be told apart by their grey level alone, 1 to 250."""
    grey = torch.arange(1, 251, dtype=torch.uint8)
    return Digits(grey[:, None, None].expand(250, 28, 28).contiguous(), grey.long() % 10)


def greys_seen_by(network: torch.nn.Module) -> set[int]:
    """A set that fills with the grey levels of all images that this glimpse network sees from now on."""
    seen: set[int] = set()

    def record(_module: torch.nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.update((inputs[0].amax(dim=-1) * 255).round().long().tolist())

    network.register_forward_pre_hook(record)
    return seen


def test_validation_digits_are_never_trained_on(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path / "run", grey_digits(), epochs=1, train_images=0, rotation=0.0, translation=0.0)
    trained = greys_seen_by(trainer.learner.model.glimpse_network)
    train(trainer)
    held_back = set(trainer.measuring.validation.images[:, 0, 0].tolist())
    assert len(trained) == 150  # every other digit, the last 22 of five batches among them
    assert len(held_back) == 100
    assert trained | held_back == set(range(1, 251))


def test_every_rollout_is_rewarded_for_its_own_images_label(tmp_path: Path) -> None:
    labels = torch.arange(250) % 2
    black_and_white = Digits((labels[:, None, None] * 255).expand(250, 28, 28).to(torch.uint8), labels)
    trainer = make_trainer(tmp_path / "run", black_and_white, epochs=1, train_images=0, rollouts=3, rotation=0.0)
    model = trainer.learner.model
    with torch.no_grad():  # answers 1 where it sees any white, and at least a quarter of a glimpse shows the image
        for parameter in model.parameters():
            parameter.zero_()
        model.glimpse_network.glimpse_encoder.weight[0] = 1.0
        model.glimpse_network.combine.weight[0, 0] = 1.0
        model.core_network.input_linear.weight[0, 0] = 1.0
        model.action_network.linear.weight[1, 0] = 1.0
        model.action_network.linear.bias[0] = 1.0
    train(trainer, 1)
    assert metrics(trainer)[1]["reward"] == 1.0


def test_last_batch_of_an_epoch_is_filled_up_with_its_first_digits(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path / "run", grey_digits(), epochs=1, train_images=0, batch_size=64)
    assert trainer.progress.steps_per_epoch == 3  # 64 + 64 + 22 of 150
    first, second, last = (trainer.learner.order.batch(step).tolist() for step in range(3))
    assert sorted(first + second + last[:22]) == list(range(150))
    assert last[22:] == first[:42]
    assert train(trainer) == "finished"


def test_batch_is_no_larger_than_the_epoch(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path / "run", grey_digits(), epochs=1, train_images=0, batch_size=1024)
    assert sorted(trainer.learner.order.batch(0).tolist()) == list(range(150))
    assert train(trainer) == "finished"


def test_averaged_weights_follow_quickly_at_first(tmp_path: Path, digits: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", digits, ema_decay=0.9)
    start = trainer.learner.model.action_network.linear.bias.detach().clone()
    current: list[Tensor] = []

    def remember() -> bool:
        current.append(trainer.learner.model.action_network.linear.bias.detach().clone())
        return len(current) == 2

    trainer.run(remember, lambda _row: None)
    # After step n the average keeps (1 + n) / (10 + n) of itself: 2/11 and then 3/12.
    first = start * 2 / 11 + current[0] * 9 / 11
    expected = first * 3 / 12 + current[1] * 9 / 12
    torch.testing.assert_close(trainer.learner.averaged.action_network.linear.bias, expected)


def test_averaging_can_be_switched_off(tmp_path: Path, digits: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", digits, ema_decay=0.0)
    train(trainer, 5)
    assert same(list(trainer.learner.averaged.state_dict().values()), list(trainer.learner.model.state_dict().values()))


@pytest.mark.parametrize("baseline", ["value", "rollouts", "none"])
def test_each_baseline_trains_the_policy(tmp_path: Path, digits: Digits, baseline: str) -> None:
    trainer = make_trainer(tmp_path / "run", digits, baseline=baseline)
    before = trainer.learner.model.location_network.linear.weight.detach().clone()
    train(trainer, 5)
    assert not trainer.learner.model.location_network.linear.weight.equal(before)


def test_policy_without_reinforce_does_not_move(tmp_path: Path, digits: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", digits, reinforce_weight=0.0, weight_decay=0.0)
    before = trainer.learner.model.location_network.linear.weight.detach().clone()
    train(trainer, 5)
    assert trainer.learner.model.location_network.linear.weight.equal(before)


def test_run_begins_with_the_weights_of_its_start(tmp_path: Path, digits: Digits, uninterrupted: Trainer) -> None:
    start = tmp_path / "start.safetensors"
    start.write_bytes(uninterrupted.folder.best.read_bytes())
    folder = RunFolder(tmp_path / "run")
    folder.create(RunConfig("mnist", dataclasses.replace(MODEL, num_glimpses=5), TRAINING, "start"), start=start)
    start.unlink()  # the run is complete in itself
    trainer = Trainer(folder, digits, torch.device("cpu"))
    expected = load_checkpoint(uninterrupted.folder.best, "cpu").state_dict()
    assert all(weight.equal(expected[name]) for name, weight in trainer.learner.model.state_dict().items())
    assert all(weight.equal(expected[name]) for name, weight in trainer.learner.averaged.state_dict().items())
    assert trainer.learner.model.config.num_glimpses == 5


@pytest.mark.parametrize(("field", "value"), [("hidden_size", 64), ("glimpse_size", 4), ("use_lstm", True)])
def test_start_of_another_shape_is_refused(tmp_path: Path, uninterrupted: Trainer, field: str, value: Any) -> None:
    config = RunConfig("mnist", dataclasses.replace(MODEL, **{field: value}), TRAINING, "best")
    with pytest.raises(
        ConfigError, match=f"{field}={value} is not possible: the checkpoint to start from has {field}="
    ):
        RunFolder(tmp_path / "run").create(config, start=uninterrupted.folder.best)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("network", ["action_network", "value_network", "core_network"])
def test_diverged_training_says_so_and_keeps_its_best(tmp_path: Path, digits: Digits, network: str) -> None:
    trainer = make_trainer(tmp_path / "run", digits)

    def spoil() -> bool:
        if trainer.progress.step == 2:
            with torch.no_grad():
                next(getattr(trainer.learner.model, network).parameters()).fill_(1e38)
        return False

    with pytest.raises(TrainingError, match=r"diverged at step 2 .*: use a lower learning_rate than 0\.01$"):
        trainer.run(spoil, lambda _row: None)
    assert load_checkpoint(trainer.folder.best, "cpu").config == MODEL


def test_same_digits_are_followed_from_the_same_first_glimpses(uninterrupted: Trainer) -> None:
    header, *looks = uninterrupted.folder.read_scan_paths()
    assert header["labels"] == [2, 3, 4, 5, 7, 8]
    assert [look["step"] for look in looks] == [0, 1, 2, 4, 8, 16]
    validation = {image.tobytes() for image in uninterrupted.measuring.validation.images.numpy()}
    assert all(np.array(image, np.uint8).tobytes() in validation for image in header["images"])
    for look in looks:
        assert np.shape(look["locations"]) == (6, 3, 2)
        assert np.shape(look["values"]) == (6, 3)
        assert np.shape(look["class_probs"]) == (6, 3, 10)
        assert [digit[0] for digit in look["locations"]] == [digit[0] for digit in looks[0]["locations"]]
    assert looks[-1]["locations"] != looks[0]["locations"]
    rows = [row for row in metrics(uninterrupted) if "validation_error" in row]
    assert [look["accuracy"] for look in looks] == [100 - row["validation_error"] for row in rows]


def test_trainer_needs_a_run(tmp_path: Path, digits: Digits) -> None:
    with pytest.raises(RunError, match="holds no run"):
        Trainer(RunFolder(tmp_path), digits, torch.device("cpu"))


def test_own_symbols_are_followed_before_drawings_and_digits(tmp_path: Path, digits: Digits) -> None:
    images = torch.full((12, 28, 28), 7, dtype=torch.uint8)
    labels = torch.tensor([9] * 4 + [0] * 4 + [1] * 4)
    folder = RunFolder(tmp_path / "run")
    names = (*"012345678", "star")
    folder.create(RunConfig("mnist", MODEL, TRAINING), drawings=Collection(Digits(images, labels), names))
    train(Trainer(folder, digits, torch.device("cpu")), 1)
    header = folder.read_scan_paths()[0]
    # The star, the two classes with drawings of their own, and three of the digits that are followed otherwise
    assert header["labels"] == [0, 1, 2, 3, 4, 9]
    own = [image[0][0] == 7 for image in header["images"]]
    assert own == [True, True, False, False, False, True]
    assert header["classes"][9] == "star"
