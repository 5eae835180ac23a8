"""The Train page, run by Streamlit without a browser, for tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from ram.checkpoints import SHIPPED
from ram.config import TrainConfig
from ram.presets import PRESETS
from ram.training.run_folder import RunConfig, RunFolder, RunState

TINY = (
    "hidden_size:32,glimpse_hidden_size:16,num_glimpses:2,epochs:2,minutes:0.0,train_images:500,validation_images:100"
)


def show_train() -> None:
    """The page alone, with its settings."""
    import streamlit as st

    from app.session import address, pages
    from app.views import train

    address.read()
    pages.register({"drawings": st.Page(lambda: None, title="My drawings", url_path="drawings")})
    train.show()
    address.write("train")


def train_page(**address: str) -> AppTest:
    page = AppTest.from_function(show_train, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def put_run(runs_folder: Path, name: str, training: TrainConfig, status: str = "finished") -> str:
    """A run that has been trained before."""
    run = RunFolder(runs_folder / name)
    run.create(RunConfig("one-minute", PRESETS["one-minute"].model, training))
    (run.path / "name.txt").write_text(name, encoding="utf-8")
    run.write_state(RunState(status, epoch=3, step=30, steps=30, elapsed_s=60.0, best_error=2.5))  # type: ignore[arg-type]
    for step in range(10):
        run.append_metrics({"step": step, "epoch": step / 10, "elapsed_s": step, "reward": 0.5, "value": 0.4})
    shutil.copy(SHIPPED / "mnist.safetensors", run.best)
    return name


def button(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def summary(page: AppTest) -> str:
    """What the form says of the recipe."""
    return next(markdown.value for markdown in page.markdown if "of training" in markdown.value)


def parts(page: AppTest) -> dict[str, Any]:
    """What the page's own components were given, by their keys."""
    return {f"{element.key}": json.loads(element.proto.bytes) for element in page.get("bidi_component")}
