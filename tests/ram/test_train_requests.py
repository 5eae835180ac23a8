"""What the command line that trains is asked: its flags, and what it refuses in one line."""

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ram.checkpoints import SHIPPED, CheckpointInfo, load_checkpoint, save_checkpoint
from ram.config import RAMConfig, TrainConfig, config_fields
from ram.data.mnist import load_mnist
from ram.model import RAM
from ram.presets import PRESETS
from ram.train import main
from ram.training.run_folder import RunConfig, RunError, RunFolder, RunState
from ram.training.trainer import Trainer
from tests.ram.command_line import PRESET, ROOT, TINY, assert_one_line, command, environment, run, state_of


def test_counting_epochs_replaces_the_presets_time_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run"
    assert main(["--preset", "one-minute", "--run", str(path), *TINY[2:], "--epochs", "2"]) == 0
    assert "best validation error" in capsys.readouterr().out
    schedule = RunFolder(path).read_config().training.schedule
    assert (schedule.minutes, schedule.epochs) == (0.0, 2)


def test_wrong_value_gives_one_line_and_no_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, "--glimpse-size", "0")
    assert done.returncode == 1
    assert done.stdout == ""
    assert_one_line(done.stderr, "glimpse_size=0 is not possible: it must be a whole number from 1 to 256")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "epochs=0 is not possible: it must be a whole number from 1 to 100000"),
        (["--hidden-size", "1000000000"], "hidden_size=1000000000 is not possible"),
        (["--location-std", "nan"], "location_std=nan is not possible"),
        (["--location-std", "inf"], "location_std=inf is not possible"),
        (["--learning-rate", "-1"], "learning_rate=-1.0 is not possible"),
        (["--glimpse-size", "200", "--num-scales", "8"], "num_scales=8 is not possible"),
        (["--baseline", "rollouts", "--rollouts", "1"], "baseline='rollouts' is not possible"),
        (["--validation-images", "5"], "validation_images=5 is not possible"),
        (["--train-images", "59000", "--validation-images", "5000"], "train_images=59000 is not possible"),
        (["--threads", "0"], "threads=0 is not possible: it must be at least 1"),
        (["--threads", "-2"], "threads=-2 is not possible: it must be at least 1"),
        (["--device", "tpu"], "device='tpu' is unknown: use 'auto', 'cpu', 'cuda' or 'cuda:N'"),
        (["--device", "cuda:99"], "device='cuda:99' is not available here: use 'auto' or 'cpu'"),
        (["--data", "nowhere"], "nowhere/train-images-idx3-ubyte.gz is missing"),
        (["--resume", "nowhere"], "nowhere holds no run: there is no config.json in it"),
        (["--resume", __file__], "test_train_requests.py is a file, and not the folder of a run"),
        (["--resume", str(SHIPPED / "mnist.safetensors")], "mnist.safetensors is a checkpoint, and not the folder of"),
        (["--start", str(SHIPPED)], "checkpoints cannot be read: it is a folder and not a file"),
        (["--drawings", str(SHIPPED)], "checkpoints cannot be read: it is a folder and not a file"),
        (["--run", __file__], "test_train_requests.py is a file: name the folder of the new run"),
        (["--preset", "my-drawings"], "my-drawings trains on drawings of yours: name their file with --drawings"),
        (["--resume", "nowhere", "--epochs", "3"], "--resume goes on as the run was started"),
        (["--resume", "nowhere", "--no-use-lstm"], "--resume goes on as the run was started"),
    ],
)
def test_impossible_request_is_named_and_leaves_nothing_behind(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    place = [] if {"--resume", "--run"} & set(arguments) else ["--run", "run"]
    assert main([*place, *arguments]) == 1
    assert_one_line(capsys.readouterr().err, message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "many"], "argument --epochs: invalid int value: 'many'"),
        (["--rotation", "left"], "argument --rotation: invalid float value: 'left'"),
        (["--baseline", "mean"], "argument --baseline: invalid choice: 'mean'"),
        (["--preset", "huge"], "argument --preset: invalid choice: 'huge'"),
        (["--glimpses", "5"], "unrecognized arguments: --glimpses 5"),
        (["--run", "a", "--resume", "b"], "not allowed with argument"),
    ],
)
def test_unreadable_flag_is_named(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_run_cannot_be_made_below_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main([*TINY, "--run", str(tmp_path / "file" / "run")]) == 1
    assert_one_line(capsys.readouterr().err, "cannot write the run: ")


def test_run_that_is_running_is_not_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.create(RunConfig("mnist", RAMConfig(), TrainConfig()))
    with folder.hold():
        assert main(["--resume", str(folder.path)]) == 1
    assert_one_line(capsys.readouterr().err, f"{folder.path} is being trained already, by process {os.getpid()}")


def test_model_of_other_classes_than_the_data_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder(tmp_path / "run")
    assert main([*TINY, "--run", str(folder.path), "--num-actions", "3"]) == 1
    assert_one_line(capsys.readouterr().err, "num_actions=3 does not fit the data: it has 10 classes")
    assert state_of(folder).problem == "num_actions=3 does not fit the data: it has 10 classes"


def test_damaged_run_is_not_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.create(RunConfig("mnist", RAMConfig(), TrainConfig()))
    folder.latest.write_bytes(b"half a fi")
    assert main(["--resume", str(folder.path)]) == 1
    assert_one_line(capsys.readouterr().err, "latest.safetensors is damaged")


def test_run_that_another_version_began_otherwise_is_refused_and_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.create(RunConfig("mnist", RAMConfig(), TrainConfig()))
    folder.write_state(RunState("finished"))
    content = json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
    content["training"]["finish"] = 0.3
    (folder.path / "config.json").write_text(json.dumps(content), encoding="utf-8")
    assert main(["--resume", str(folder.path)]) == 1
    sentence = "cannot be resumed: another version began it with finish=0.3, which this one does not know"
    assert_one_line(capsys.readouterr().err, sentence)
    assert folder.read_state() == RunState("finished")
    with pytest.raises(RunError, match=r"cannot be trained: another version began it with finish=0\.3"):
        Trainer(folder, load_mnist("train"), torch.device("cpu"))


def test_presets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(PRESETS)
    assert all(preset.description in line for preset, line in zip(PRESETS.values(), lines, strict=True))


def test_help_has_a_flag_with_an_explanation_for_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    words = " ".join(capsys.readouterr().out.split())
    for field in (*config_fields(RAMConfig), *config_fields(TrainConfig)):
        assert f"--{field.name.replace('_', '-')}" in words
        assert " ".join(field.metadata["help"].split()) in words, field.name
    for flag in ("--preset", "--list", "--run", "--resume", "--device", "--threads", "--data", "--no-use-lstm"):
        assert flag in words


@pytest.mark.parametrize(
    "sizes",
    [
        {"train-images": 1, "epochs": 2},
        {"train-images": 20, "batch-size": 1, "epochs": 1},
        {"train-images": 257, "batch-size": 256, "epochs": 2},
        {"train-images": 500, "batch-size": 499, "epochs": 2},
        {"train-images": 3, "num-glimpses": 1, "glimpse-size": 1, "epochs": 2},
        {"train-images": 3, "hidden-size": 1, "glimpse-hidden-size": 1, "epochs": 2},
        {"train-images": 2, "batch-size": 1, "optimizer": "muon", "epochs": 1, "guidance": 1, "coverage": 1},
        {"train-images": 2, "batch-size": 1, "image-size": 40, "clutter": 3, "epochs": 1, "unreadable": 0.5},
    ],
)
def test_smallest_sizes_train(tmp_path: Path, sizes: dict[str, int | str]) -> None:
    folder = RunFolder(tmp_path / "run")
    flags = [word for name, value in ({"rollouts": 1} | sizes).items() for word in (f"--{name}", str(value))]
    given = ["--preset", PRESET, "--validation-images", "100", "--device", "cpu", "--run", str(folder.path)]
    assert main([*given, *flags]) == 0
    assert state_of(folder).status == "finished"
    load_checkpoint(folder.best, "cpu")
    for row in folder.read_metrics():
        assert all(math.isfinite(value) for value in row.values()), row


def test_run_that_starts_with_absurd_weights_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = RAM(RAMConfig(hidden_size=8, glimpse_hidden_size=4))
    model.value_network.linear.weight.data.fill_(3e38)
    start = tmp_path / "absurd.safetensors"
    save_checkpoint(start, model.state_dict(), CheckpointInfo(model.config, 28, {}, {}))
    assert main(["--preset", PRESET, "--start", str(start), "--run", str(tmp_path / "run")]) == 1
    assert_one_line(capsys.readouterr().err, "absurd.safetensors cannot be used: its weights are so large")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-16"])
def test_output_is_utf8_whatever_python_was_told(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.BytesIO()
    with io.TextIOWrapper(output, encoding=encoding) as stream:  # as Python makes it of PYTHONIOENCODING
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["--list"]) == 0
        stream.flush()
        assert PRESETS["five-minutes"].description in output.getvalue().decode()


def test_process_writes_utf8_whatever_it_was_told() -> None:
    done = subprocess.run(
        command("--list"), env=environment() | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=True, cwd=ROOT
    )
    assert PRESETS["five-minutes"].description in done.stdout.decode()
