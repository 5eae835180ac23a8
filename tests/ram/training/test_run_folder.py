import dataclasses
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from ram.config import RAMConfig, TrainConfig
from ram.files import remove_remains, write_atomically, write_tensors
from ram.training.run_folder import RunConfig, RunError, RunFolder, RunState

CONFIG = RunConfig("mnist", RAMConfig(hidden_size=8), TrainConfig.of(epochs=3))
STATE = RunState("running", epoch=1, step=8, steps=24, elapsed_s=1.5, eta_s=3.0, best_error=12.5)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "deep" / "run")
    folder.create(CONFIG)
    return folder


def test_run_remembers_what_was_asked_for(folder: RunFolder) -> None:
    assert RunFolder(str(folder.path)).read_config() == CONFIG


def test_second_run_in_the_same_folder_is_refused(folder: RunFolder) -> None:
    with pytest.raises(RunError, match=r"already holds a run: go on with --resume, or choose another --run$"):
        folder.create(CONFIG)


def test_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=rf"^{tmp_path} holds no run: there is no config\.json in it$"):
        RunFolder(tmp_path).read_config()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", "null", "{}", '{"preset": "mnist", "model": 5, "training": {}}', "[" * 100_000]
)
def test_damaged_configuration_is_named(folder: RunFolder, text: str) -> None:
    (folder.path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"config\.json is damaged"):
        folder.read_config()


def test_run_of_an_earlier_version_is_read(folder: RunFolder) -> None:
    content = json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
    training = content["training"]
    training |= {"noise_start": 0.3, "noise_end": 0.3, "nonsense": 0.1, "distillation": 0.0}
    del training["location_noise"], training["unreadable"]
    (folder.path / "config.json").write_text(json.dumps(content), encoding="utf-8")
    expected = CONFIG.training.replace(location_noise=0.3, unreadable=0.1)
    assert folder.read_config() == dataclasses.replace(CONFIG, training=expected)


def test_what_only_another_version_knows_is_kept_beside_the_rest(folder: RunFolder) -> None:
    content = json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
    content["training"] |= {"finish": 0.3, "noise_start": 0.3, "noise_end": 0.1, "reward": "probability"}
    del content["training"]["location_noise"]
    (folder.path / "config.json").write_text(json.dumps(content), encoding="utf-8")
    config = folder.read_config()
    assert config.training == CONFIG.training.replace(location_noise=0.3)
    assert config.unknown == {"finish": 0.3, "noise_end": 0.1, "reward": "probability"}
    assert config.obstacle == (
        "another version began it with reward=probability, finish=0.3, noise_end=0.1, which this one does not know"
    )
    assert CONFIG.obstacle == ""


def test_name_is_kept_beside_the_run(folder: RunFolder) -> None:
    folder.write_name("Class 7b")
    assert (folder.path / "name.txt").read_text(encoding="utf-8") == "Class 7b"


def test_last_words_are_the_error_of_the_command_line(folder: RunFolder) -> None:
    assert folder.last_words() == ""
    folder.log.write_text(f"100 steps\nram.train: first\nram.train: {folder.path} is damaged\nmore\n", encoding="utf-8")
    assert folder.last_words() == "the run is damaged"


def test_impossible_configuration_is_named(folder: RunFolder) -> None:
    content = json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
    content["training"]["epochs"] = 0
    (folder.path / "config.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RunError, match=r"config\.json is damaged: epochs=0 is not possible"):
        folder.read_config()


def test_state_is_what_was_written_last(folder: RunFolder) -> None:
    assert folder.read_state() is None
    folder.write_state(STATE)
    folder.write_state(dataclasses.replace(STATE, status="finished", best_error=None))
    assert folder.read_state() == dataclasses.replace(STATE, status="finished", best_error=None)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "5", "null", '{"step": 1}', '{"status": "asleep"}', '{"status": "running", "step": "x"}'),
        *('{"status": "running", "mood": 1}', '{"status": "running", "best_error": []}', "[" * 100_000),
    ],
)
def test_damaged_state_is_named(folder: RunFolder, text: str) -> None:
    (folder.path / "state.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"state\.json is damaged"):
        folder.read_state()


def test_metrics_are_the_complete_lines(folder: RunFolder) -> None:
    assert folder.read_metrics() == []
    folder.append_metrics({"step": 1})
    folder.append_metrics({"step": 2})
    with (folder.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 3, "rew')  # what a crash leaves
    assert folder.read_metrics() == [{"step": 1}, {"step": 2}]


def test_damaged_lines_are_left_out(folder: RunFolder) -> None:
    folder.append_metrics({"step": 1})
    with (folder.path / "metrics.jsonl").open("ab") as file:
        file.write(b"\xff\xfe\x00}\n[1, 2]\n5\n{}}\n" + b"[" * 100_000 + b"\n")
    folder.append_metrics({"step": 2})
    assert folder.read_metrics() == [{"step": 1}, {"step": 2}]
    (folder.path / "traces.jsonl").mkdir()
    assert folder.read_scan_paths() == []


def test_forgetting_also_mends_a_line_cut_short(folder: RunFolder) -> None:
    for step in (1, 2, 3):
        folder.append_metrics({"step": step})
    with (folder.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 4, "rew')
    folder.forget_after(2)
    folder.append_metrics({"step": 3})
    assert (folder.path / "metrics.jsonl").read_text(encoding="utf-8") == '{"step": 1}\n{"step": 2}\n{"step": 3}\n'


def test_latest_is_what_was_written(folder: RunFolder) -> None:
    folder.write_latest({"a": torch.tensor([1.0, 2.0])}, {"step": 3, "best_error": None})
    tensors, progress = folder.read_latest()
    assert tensors["a"].tolist() == [1.0, 2.0]
    assert progress == {"step": 3, "best_error": None}


def test_run_without_a_save_cannot_be_resumed(folder: RunFolder) -> None:
    with pytest.raises(RunError, match=r"cannot be resumed: it stopped before its first save$"):
        folder.read_latest()


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 100])
def test_damaged_latest_is_named(folder: RunFolder, content: bytes) -> None:
    folder.latest.write_bytes(content)
    with pytest.raises(RunError, match=r"latest\.safetensors is damaged \(.*\): start the run again$"):
        folder.read_latest()


HOLD = """
import sys
from ram.training.run_folder import RunFolder
with RunFolder(sys.argv[1]).hold():
    print("held", flush=True)
    input()
"""


def test_run_is_running_while_a_process_holds_it(folder: RunFolder) -> None:
    assert not folder.is_running()
    with folder.hold():
        assert folder.holder() == os.getpid()
    assert not folder.is_running()


def test_killed_process_no_longer_holds_its_run(folder: RunFolder) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert folder.holder() == holder.pid
    with pytest.raises(RunError, match=f"is being trained already, by process {holder.pid}"), folder.hold():
        pass
    holder.kill()
    deadline = time.monotonic() + 10
    while folder.is_running():  # it is not waited for, yet: a zombie holds nothing
        assert time.monotonic() < deadline
    with folder.hold():
        assert folder.is_running()
    holder.communicate()


def test_many_who_ask_do_not_take_each_other_for_the_one_who_trains(folder: RunFolder) -> None:
    with folder.hold():
        pass
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: folder.is_running(), range(400)))
    assert not any(answers)


def damage(path: Path, how: str) -> None:
    """Puts something else in a file's place."""
    path.unlink(missing_ok=True)
    if how == "folder":
        path.mkdir()
    elif how == "loop":
        path.symlink_to(path.name)
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "endless":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(10**11)  # sparse: takes no space


DAMAGES = ["folder", "loop", "pipe", "endless", "huge"]


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["config.json", "state.json"])
def test_whatever_stands_in_a_files_place_is_damage(folder: RunFolder, name: str, how: str) -> None:
    damage(folder.path / name, how)
    with pytest.raises(RunError, match=rf"{name} is damaged: "):
        (folder.read_config if name == "config.json" else folder.read_state)()


@pytest.mark.parametrize("how", DAMAGES)
def test_readings_that_cannot_be_read_are_none(folder: RunFolder, how: str) -> None:
    for name in ("metrics.jsonl", "traces.jsonl", "log.txt", "process"):
        damage(folder.path / name, how)
    assert folder.read_metrics() == folder.read_scan_paths() == []
    assert folder.last_words() == ""


@pytest.mark.parametrize("how", ["folder", "loop", "pipe", "endless"])
def test_lock_that_is_no_file_is_damage_to_this_run(folder: RunFolder, how: str) -> None:
    damage(folder.path / "lock", how)
    for ask in (folder.is_running, folder.holder, folder.hold().__enter__):
        with pytest.raises(RunError, match="lock is damaged: "):
            ask()


@pytest.mark.parametrize("how", ["folder", "loop", "pipe"])
def test_save_that_is_no_file_is_damage(folder: RunFolder, how: str) -> None:
    damage(folder.latest, how)
    with pytest.raises(RunError, match=r"latest\.safetensors is damaged \(.*\): start the run again$"):
        folder.read_latest()
    damage(folder.drawings, how)
    with pytest.raises(RunError, match=r"drawings\.safetensors is damaged: "):
        folder.read_drawings()


@pytest.mark.parametrize("number", ["1e400", "NaN", "-1", "true", "1" + 400 * "0", '"1"', "null", "[]"])
@pytest.mark.parametrize("field", ["epoch", "step", "steps", "elapsed_s", "eta_s", "best_error"])
def test_number_that_no_run_reaches_is_damage(folder: RunFolder, field: str, number: str) -> None:
    if (field, number) == ("best_error", "null"):
        return
    (folder.path / "state.json").write_text(f'{{"status": "stopped", "{field}": {number}}}', encoding="utf-8")
    with pytest.raises(RunError, match=r"state\.json is damaged: "):
        folder.read_state()


def test_half_a_character_is_damage(folder: RunFolder) -> None:
    (folder.path / "state.json").write_text('{"status": "failed", "problem": "\\ud800"}', encoding="utf-8")
    with pytest.raises(RunError, match=r"state\.json is damaged: it is not UTF-8"):
        folder.read_state()
    folder.append_metrics({"step": 1, "name": "\ud800"})
    folder.append_metrics({"step": 2, "name": "𝔸"})  # written as two halves that belong together
    assert folder.read_metrics() == [{"step": 2, "name": "𝔸"}]


@pytest.mark.parametrize("step", ['"x"', "[1]", "null", "1e400", "true", "{}"])
def test_forgetting_leaves_out_rows_with_a_damaged_step(folder: RunFolder, step: str) -> None:
    content = f'{{"step": 1}}\n{{"step": {step}}}\n{{"images": []}}\n'
    (folder.path / "metrics.jsonl").write_text(content, encoding="utf-8")
    folder.forget_after(5)
    assert folder.read_metrics() == [{"step": 1}, {"images": []}]


def test_long_run_is_read_in_parts(folder: RunFolder) -> None:
    row = json.dumps({"step": 0, "text": "x" * 1000})
    (folder.path / "metrics.jsonl").write_text((row + "\n") * 40_000, encoding="utf-8")
    # 41 million bytes are more than twice 16 MiB: every third row is read.
    assert len(folder.read_metrics()) == 13_334


@pytest.mark.parametrize("content", [b"x", b"", b"-5", b"9" * 5000, "٣".encode(), b"\xff"])
def test_odd_number_of_a_process_is_that_of_none(folder: RunFolder, content: bytes) -> None:
    with folder.hold():
        (folder.path / "process").write_bytes(content)
        assert folder.holder() == 0


WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from ram import files
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
os.fsync = die
files.write_atomically(Path(sys.argv[1]), b"half")
"""


def test_next_process_removes_what_a_killed_one_left_half_written(folder: RunFolder) -> None:
    subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(folder.path / "state.json")], check=False)
    assert len(list(folder.path.glob(".state.json.*"))) == 1
    with folder.hold():
        assert list(folder.path.glob(".*")) == []


def test_what_a_living_process_writes_stays(folder: RunFolder) -> None:
    content, done = bytes(10**6), threading.Event()

    def write() -> None:
        while not done.is_set():
            write_atomically(folder.path / "state.json", content)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        for _ in range(200):
            remove_remains(folder.path)
        done.set()
        writing.result()
    assert (folder.path / "state.json").read_bytes() == content


@pytest.mark.parametrize("progress", ["[]", "null", "3", "{", "[" * 100_000])
def test_save_that_does_not_say_how_far_the_run_was_is_damage(folder: RunFolder, progress: str) -> None:
    write_tensors(folder.latest, {"a": torch.zeros(1)}, {"progress": progress})
    with pytest.raises(RunError, match=r"latest\.safetensors is damaged \(.*\): start the run again$"):
        folder.read_latest()
