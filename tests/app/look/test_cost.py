"""What a look costs, and what follows: which models may look, at how many digits, and for how long a GIF is drawn."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.figures.animation import animated_gif
from app.look.cost import USUAL, look_cost, look_problem
from app.look.hardest import _count, hardest_digits
from app.look.layout import model_field
from app.look.looking import LookRequest, look
from app.runs.jobs import JobError, Jobs
from ram.checkpoints import SHIPPED, CheckpointInfo, read_info, save_checkpoint
from ram.config import RAMConfig, TrainConfig
from ram.model import RAM
from ram.presets import PRESETS
from ram.training.run_folder import RunConfig
from tests.servers import ROOT

HEAVY = RAMConfig(glimpse_size=256, num_scales=3, num_glimpses=64, hidden_size=16, glimpse_hidden_size=1)


def test_cost_by_hand() -> None:
    # 5 classes, 2 scales of 3x3: 18 levels, which 7 units encode, and the place in another 7.
    config = RAMConfig(
        glimpse_size=3, num_scales=2, num_glimpses=4, hidden_size=10, glimpse_hidden_size=7, num_actions=5
    )
    cost = look_cost(config, 30)
    assert cost.multiplications == 4 * (18 * 7 + 2 * 7 + 14 * 10 + 2 * 10 * 10 + 10 * (2 + 1 + 5))
    assert (cost.levels, cost.probabilities, cost.pixels, cost.padded) == (72, 20, 900, 33**2 + 36**2)
    lstm = look_cost(RAMConfig(**{**config.__dict__, "use_lstm": True}), 30)
    assert lstm.multiplications - cost.multiplications == 4 * 6 * 10 * 10


def test_usual_model_is_that_of_the_specification() -> None:
    assert look_cost(RAMConfig(), 28) == USUAL


def test_every_model_and_preset_of_ours_may_look() -> None:
    shipped = [read_info(path) for path in SHIPPED.glob("*.safetensors")]
    ours = [(info.config, info.image_size) for info in shipped]
    ours += [(preset.model, preset.training.data.image_size) for preset in PRESETS.values()]
    assert len(ours) > 10
    assert [look_problem(*each) for each in ours] == [""] * len(ours)


@pytest.mark.parametrize(
    ("config", "side"),
    [
        (HEAVY, 28),
        (RAMConfig(num_glimpses=64, hidden_size=900), 28),
        (RAMConfig(num_glimpses=64, num_actions=1000, hidden_size=16), 28),
        (RAMConfig(glimpse_size=16, num_scales=7, num_glimpses=64), 256),
    ],
    ids=["patches", "multiplications", "probabilities", "padding"],
)
def test_model_whose_look_costs_too_much_is_refused_in_a_sentence(config: RAMConfig, side: int) -> None:
    problem = look_problem(config, side)
    assert problem.startswith("takes ")
    assert problem.endswith(" times as much computing for a look as a usual model, at most 12 are allowed here")


def made(path: Path, config: RAMConfig, side: int = 28) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(path, RAM(config).state_dict(), CheckpointInfo(config, side, {}, {}))
    return path


def test_such_a_model_can_neither_be_uploaded_nor_trained(jobs: Jobs, tmp_path: Path) -> None:
    small = RAMConfig(glimpse_size=64, num_scales=2, num_glimpses=64, hidden_size=2, glimpse_hidden_size=1)
    with pytest.raises(JobError, match=r"^This file cannot be used: it takes \d+ times as much .* allowed here\.$"):
        jobs.add_checkpoint(made(tmp_path / "made", small).read_bytes(), "heavy")
    with pytest.raises(JobError, match=r"^This model takes \d+ times .*: choose fewer or smaller glimpses\.$"):
        jobs.submit(RunConfig("mnist", small, TrainConfig()), "heavy", start=None, drawings=None)
    assert jobs.all() == []


def test_such_a_model_that_is_there_already_does_not_look(runs_folder: Path) -> None:
    made(runs_folder / "heavy" / "best.safetensors", HEAVY)
    app = AppTest.from_file(str(ROOT / "app/frame.py"), default_timeout=60)
    app.query_params.update(model="heavy", digits="hardest", sample="3")
    app.run()
    assert not app.exception
    assert "times as much computing for a look as a usual model" in app.error[0].value
    assert "times as much computing for a look as a usual model" in app.warning[0].value


def test_fewer_digits_are_ranked_where_a_look_takes_long(runs_folder: Path) -> None:
    made(runs_folder / "wide" / "best.safetensors", RAMConfig(num_glimpses=1, glimpse_size=16, num_scales=6), 256)
    assert 400 < len(hardest_digits("wide")) < 800
    slow = look_cost(RAMConfig(num_glimpses=60, hidden_size=300), 28)
    assert 3000 < _count(slow, model_field("mnist"), 10_000) < 6000
    assert len(hardest_digits("mnist")) == 10_000


def test_gif_of_many_glimpses_has_one_frame_each() -> None:
    def frames(glimpses: int) -> int:
        model = RAM(RAMConfig(num_glimpses=glimpses, hidden_size=8, glimpse_hidden_size=8)).requires_grad_(False)
        scene = look(model, np.zeros((28, 28), np.float32), LookRequest(), "nowhere")
        with Image.open(io.BytesIO(animated_gif(scene))) as gif:
            return gif.n_frames  # type: ignore[attr-defined]

    assert frames(12) > 13  # it glides; where nothing moves, a GIF keeps one frame
    assert frames(20) <= 21
