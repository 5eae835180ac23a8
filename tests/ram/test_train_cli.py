import dataclasses
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ram.checkpoints import SHIPPED, CheckpointInfo, load_checkpoint, read_info, save_checkpoint
from ram.config import RAMConfig, TrainConfig, config_fields
from ram.data.collection import Collection, save_collection
from ram.data.mnist import Digits, load_mnist
from ram.model import RAM
from ram.presets import PRESETS
from ram.train import main
from ram.training.run_folder import RunConfig, RunError, RunFolder, RunState
from ram.training.trainer import Trainer

ROOT = Path(__file__).parents[2]
PRESET = "five-minutes"
# 128 digits in batches of 32: four steps an epoch. Long enough for a signal to arrive before the end.
TINY = [
    *("--preset", PRESET, "--threads", "1", "--device", "cpu"),
    *("--train-images", "128", "--validation-images", "100", "--batch-size", "32", "--epochs", "60"),
    *("--rollouts", "1", "--num-glimpses", "2", "--hidden-size", "32", "--glimpse-hidden-size", "16"),
]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "ram.train", *map(str, arguments)]


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command line to its end, in `folder`."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def started(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run in tmp_path / "run" that has finished its first epoch and goes on."""
    process = subprocess.Popen(
        command(*TINY, "--run", tmp_path / "run"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "run" / "latest.safetensors").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, subprocess.CompletedProcess[str]]:
    """An uninterrupted run."""
    path = tmp_path_factory.mktemp("whole") / "run"
    done = run(path.parent, *TINY, "--run", "run")
    return RunFolder(path), done


def state_of(folder: RunFolder) -> RunState:
    state = folder.read_state()
    assert state is not None
    return state


def assert_same_result(folder: RunFolder, other: RunFolder) -> None:
    tensors, _ = folder.read_latest()
    expected, _ = other.read_latest()
    assert tensors.keys() == expected.keys()
    assert all(tensor.equal(expected[name]) for name, tensor in tensors.items())
    errors = [
        [row["validation_error"] for row in one.read_metrics() if "validation_error" in row] for one in (folder, other)
    ]
    assert errors[0] == errors[1]
    assert state_of(folder).best_error == state_of(other).best_error


def assert_one_line(stderr: str, message: str) -> None:
    assert stderr.count("\n") == 1, stderr
    assert stderr.startswith("ram.train: "), stderr
    assert message in stderr


def test_run_finishes_with_a_usable_checkpoint(
    whole: tuple[RunFolder, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = whole
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    # (64 * 16 + 16) + (2 * 16 + 16) + (32 * 32 + 32) + 2 * (32 * 32 + 32) + 66 + 33 + 330 = 4,685
    first, last = done.stdout.splitlines()
    assert first == "run: 4,685 parameters, 128 training and 100 validation digits"
    state = state_of(folder)
    assert (state.status, state.epoch, state.step, state.steps) == ("finished", 60, 240, 240)
    assert last == f"best validation error {state.best_error:.2f} %: run/best.safetensors"
    model = load_checkpoint(folder.best, "cpu")
    assert model.config == RAMConfig(num_glimpses=2, hidden_size=32, glimpse_hidden_size=16)
    assert model.rollout(torch.rand(28, 28)).class_probs.shape == (2, 10)


def test_run_trains_with_the_flags_on_top_of_the_preset(
    whole: tuple[RunFolder, subprocess.CompletedProcess[str]],
) -> None:
    assert whole[0].read_config() == RunConfig(
        PRESET,
        dataclasses.replace(PRESETS[PRESET].model, num_glimpses=2, hidden_size=32, glimpse_hidden_size=16),
        PRESETS[PRESET].training.replace(
            minutes=0.0,
            train_images=128,
            validation_images=100,
            batch_size=32,
            rollouts=1,
            epochs=60,
        ),
    )


def test_counting_epochs_replaces_the_presets_time_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run"
    assert main(["--preset", "one-minute", "--run", str(path), *TINY[2:], "--epochs", "2"]) == 0
    assert "best validation error" in capsys.readouterr().out
    schedule = RunFolder(path).read_config().training.schedule
    assert (schedule.minutes, schedule.epochs) == (0.0, 2)


def stop(process: subprocess.Popen[str], number: signal.Signals, folder: RunFolder) -> None:
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in stderr
    assert stdout.splitlines()[-1] == f"stopped; go on with: python -m ram.train --resume {folder.path}"
    state = state_of(folder)
    assert state.status == "stopped"
    assert 0 < state.step < 240
    _, progress = folder.read_latest()
    assert progress["step"] == state.step  # not one step is lost


def test_ctrl_c_stops_without_loss(tmp_path: Path, started: subprocess.Popen[str]) -> None:
    stop(started, signal.SIGINT, RunFolder(tmp_path / "run"))


def test_sigterm_stops_without_loss_and_resume_goes_on(
    tmp_path: Path, started: subprocess.Popen[str], whole: tuple[RunFolder, subprocess.CompletedProcess[str]]
) -> None:
    folder = RunFolder(tmp_path / "run")
    stop(started, signal.SIGTERM, folder)
    assert main(["--resume", str(folder.path), "--threads", "1", "--device", "cpu"]) == 0
    assert state_of(folder).status == "finished"
    assert_same_result(folder, whole[0])


def test_killed_run_goes_on_from_its_last_save(
    tmp_path: Path, started: subprocess.Popen[str], whole: tuple[RunFolder, subprocess.CompletedProcess[str]]
) -> None:
    started.kill()
    started.communicate()
    folder = RunFolder(tmp_path / "run")
    assert state_of(folder).status == "running"  # nobody was left to say otherwise
    assert main(["--resume", str(folder.path), "--threads", "1", "--device", "cpu"]) == 0
    assert state_of(folder).status == "finished"
    steps = [row["step"] for row in folder.read_metrics()]
    assert steps == sorted(set(steps))
    assert_same_result(folder, whole[0])


def test_full_disk_ends_a_run_with_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        command(*TINY, "--run", "run"),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)),
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    message = done.stderr.splitlines()[-1]
    assert message.startswith("ram.train: cannot write the run: [Errno 27] File too large")
    assert not list((tmp_path / "run").glob(".*"))  # no half-written file is left


LITTLE_MEMORY = """
import re, resource, sys
from pathlib import Path
from ram.train import main
taken = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (taken + 2**30, resource.RLIM_INFINITY))
sys.exit(main(sys.argv[1:]))
"""


def test_want_of_memory_ends_a_run_with_one_sentence(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    large = ["--image-size", "256", "--validation-images", "20000"]  # which are 5 GB before they are stored
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY, "--run", folder.path, "--threads", "1", *large],
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    message = (
        "memory ran out: take a smaller batch_size or image_size, or fewer rollouts, num_glimpses or validation_images"
    )
    assert_one_line(done.stderr, message)
    assert state_of(folder).status == "failed"
    assert state_of(folder).problem == message


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
        (["--resume", __file__], "test_train_cli.py is a file, and not the folder of a run"),
        (["--resume", str(SHIPPED / "mnist.safetensors")], "mnist.safetensors is a checkpoint, and not the folder of"),
        (["--start", str(SHIPPED)], "checkpoints cannot be read: it is a folder and not a file"),
        (["--drawings", str(SHIPPED)], "checkpoints cannot be read: it is a folder and not a file"),
        (["--run", __file__], "test_train_cli.py is a file: name the folder of the new run"),
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


def test_run_is_not_started_in_anothers_folder(
    whole: tuple[RunFolder, subprocess.CompletedProcess[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in whole[0].path.iterdir()}
    assert main([*TINY, "--run", str(whole[0].path)]) == 1
    assert_one_line(capsys.readouterr().err, "already holds a run: go on with --resume, or choose another --run")
    assert {path.name: path.read_bytes() for path in whole[0].path.iterdir()} == before


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


def test_run_that_never_began_is_begun(
    tmp_path: Path, whole: tuple[RunFolder, subprocess.CompletedProcess[str]]
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.create(whole[0].read_config())
    folder.append_scan_paths({"an attempt": "that ended before its first save"})
    assert main(["--resume", str(folder.path), "--threads", "1", "--device", "cpu"]) == 0
    assert_same_result(folder, whole[0])
    assert len(folder.read_scan_paths()) == len(whole[0].read_scan_paths())


def test_model_of_other_classes_than_the_data_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder(tmp_path / "run")
    assert main([*TINY, "--run", str(folder.path), "--num-actions", "3"]) == 1
    assert_one_line(capsys.readouterr().err, "num_actions=3 does not fit the data: it has 10 classes")
    assert state_of(folder).problem == "num_actions=3 does not fit the data: it has 10 classes"


def test_diverged_run_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder(tmp_path / "run")
    assert main([*TINY, "--run", str(folder.path), "--learning-rate", "10", "--weight-decay", "10"]) == 1
    state = state_of(folder)
    assert (state.status, state.eta_s) == ("failed", 0.0)
    assert "use a lower learning_rate than 10" in state.problem
    assert capsys.readouterr().err.splitlines()[-1] == f"ram.train: {state.problem}"
    load_checkpoint(folder.best, "cpu")


def test_run_goes_on_from_a_checkpoint_with_drawings(
    tmp_path: Path, whole: tuple[RunFolder, subprocess.CompletedProcess[str]]
) -> None:
    images = torch.zeros(8, 28, 28, dtype=torch.uint8)
    images[:, 4:24, 13:15] = 255
    names = ("0", "bar", *"23456789")
    save_collection(tmp_path / "mine", Collection(Digits(images, torch.ones(8, dtype=torch.long)), names))
    folder = RunFolder(tmp_path / "run")
    given = ["--start", str(whole[0].best), "--drawings", str(tmp_path / "mine"), "--run", str(folder.path)]
    assert main([*TINY[:14], "--epochs", "5", *given]) == 0
    assert folder.read_config().start == "best"
    assert folder.read_config().model == whole[0].read_config().model
    rows = [row for row in folder.read_metrics() if "drawings_error" in row]
    assert rows[0]["step"] == 0
    assert 0 <= rows[-1]["drawings_error"] <= 100
    info = read_info(folder.best)
    assert info.class_names() == names
    assert info.results["drawings_error"] == rows[-1]["drawings_error"]  # the latest weights are kept
    assert folder.read_scan_paths()[0]["classes"] == list(names)


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
def test_output_is_utf8_whatever_python_was_told(encoding: str) -> None:
    done = subprocess.run(
        command("--list"), env=environment() | {"PYTHONIOENCODING": encoding}, capture_output=True, check=True, cwd=ROOT
    )
    assert PRESETS["five-minutes"].description in done.stdout.decode()
