"""Stopping, crashing, and going on as if nothing had happened."""

from pathlib import Path
from typing import Any

import pytest

from ram.data.mnist import Digits
from ram.training.run_folder import RunError
from ram.training.trainer import Trainer
from tests.ram.short_run import best, make_trainer, metrics, resumable, same, train, weights


@pytest.mark.parametrize("stops", [[3], [8], [1, 2, 11, 15]], ids=["mid-epoch", "epoch-end", "often"])
def test_stopped_and_resumed_run_equals_an_uninterrupted_one(
    tmp_path: Path, digits: Digits, uninterrupted: Trainer, stops: list[int]
) -> None:
    assert train(make_trainer(tmp_path / "run", digits), stops[0]) == "stopped"
    for stop in [*stops[1:], None]:
        trainer = make_trainer(tmp_path / "run", digits)
        trainer.restore()
        assert train(trainer, stop) == ("finished" if stop is None else "stopped")
    assert same(weights(trainer), weights(uninterrupted))
    assert metrics(trainer) == metrics(uninterrupted)
    assert resumable(trainer) == resumable(uninterrupted)
    assert best(trainer) == best(uninterrupted)


@pytest.mark.parametrize("crash_at", [5, 11])
def test_crashed_run_goes_on_from_its_last_save(
    tmp_path: Path, digits: Digits, uninterrupted: Trainer, crash_at: int
) -> None:
    def crash(row: dict[str, Any]) -> None:
        if row["step"] == crash_at:
            raise KeyboardInterrupt

    train(make_trainer(tmp_path / "run", digits), 3)
    trainer = make_trainer(tmp_path / "run", digits)
    trainer.restore()
    with pytest.raises(KeyboardInterrupt):
        trainer.run(lambda: False, crash)
    again = make_trainer(tmp_path / "run", digits)
    assert metrics(again)[-1]["step"] == crash_at
    again.restore()
    assert again.progress.step == (4 if crash_at == 5 else 8)  # what was saved: half, or the end of the first epoch
    train(again)
    assert same(weights(again), weights(uninterrupted))
    assert metrics(again) == metrics(uninterrupted)


def test_stopped_run_says_so_and_keeps_its_clock(tmp_path: Path, digits: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", digits)
    train(trainer, 3)
    state = trainer.folder.read_state()
    assert state is not None
    assert (state.status, state.epoch, state.step, state.steps) == ("stopped", 0, 3, 16)
    again = make_trainer(tmp_path / "run", digits)
    again.restore()
    assert again.progress.elapsed == trainer.progress.elapsed > 0


def test_finished_run_can_be_resumed_to_no_effect(tmp_path: Path, digits: Digits) -> None:
    trainer = make_trainer(tmp_path / "run", digits)
    train(trainer)
    again = make_trainer(tmp_path / "run", digits)
    again.restore()
    assert train(again) == "finished"
    assert same(weights(again), weights(trainer))
    assert metrics(again) == metrics(trainer)


def test_stop_at_the_last_step_finishes(tmp_path: Path, digits: Digits) -> None:
    assert train(make_trainer(tmp_path / "run", digits), 16) == "finished"


def test_resumed_run_has_the_traces_of_an_uninterrupted_one(
    tmp_path: Path, digits: Digits, uninterrupted: Trainer
) -> None:
    train(make_trainer(tmp_path / "run", digits), 6)
    trainer = make_trainer(tmp_path / "run", digits)
    trainer.folder.append_scan_paths({"step": 7})  # a look after the last save, taken again after resuming
    trainer.restore()
    train(trainer)
    looks = [
        [{**row, "elapsed_s": 0} for row in folder.read_scan_paths()]
        for folder in (trainer.folder, uninterrupted.folder)
    ]
    assert looks[0] == looks[1]


def test_run_that_was_never_saved_cannot_be_restored(tmp_path: Path, digits: Digits) -> None:
    with pytest.raises(RunError, match=r"cannot be resumed: it stopped before its first save$"):
        make_trainer(tmp_path / "run", digits).restore()


def test_state_of_another_file_cannot_be_restored(tmp_path: Path, digits: Digits, uninterrupted: Trainer) -> None:
    trainer = make_trainer(tmp_path / "run", digits)
    trainer.folder.latest.write_bytes(uninterrupted.folder.best.read_bytes())
    with pytest.raises(RunError, match=r"latest\.safetensors is damaged \(.*\): start the run again$"):
        trainer.restore()
