import dataclasses
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ram.checkpoints import load_checkpoint, read_info
from ram.config import RAMConfig
from ram.data.collection import Collection, save_collection
from ram.data.mnist import Digits
from ram.presets import PRESETS
from ram.train import main
from ram.training.run_folder import RunConfig, RunFolder
from tests.ram.command_line import PRESET, ROOT, TINY, assert_one_line, command, environment, run, state_of


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


def test_run_is_not_started_in_anothers_folder(
    whole: tuple[RunFolder, subprocess.CompletedProcess[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in whole[0].path.iterdir()}
    assert main([*TINY, "--run", str(whole[0].path)]) == 1
    assert_one_line(capsys.readouterr().err, "already holds a run: go on with --resume, or choose another --run")
    assert {path.name: path.read_bytes() for path in whole[0].path.iterdir()} == before


def test_run_that_never_began_is_begun(
    tmp_path: Path, whole: tuple[RunFolder, subprocess.CompletedProcess[str]]
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.create(whole[0].read_config())
    folder.append_scan_paths({"an attempt": "that ended before its first save"})
    assert main(["--resume", str(folder.path), "--threads", "1", "--device", "cpu"]) == 0
    assert_same_result(folder, whole[0])
    assert len(folder.read_scan_paths()) == len(whole[0].read_scan_paths())


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
