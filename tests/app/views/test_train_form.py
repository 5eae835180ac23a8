"""The form of the next run on the Train page, and its way through the address."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from app.runs.jobs import jobs
from app.server.limits import Limits
from ram.config import RAMConfig, TrainConfig, config_fields
from ram.presets import PRESETS
from ram.train import build_parser, command_line
from ram.training.run_folder import RunConfig
from tests.app.views.train_page import TINY, button, summary, train_page
from tests.processes import wait_until


def test_new_session_finds_the_presets_and_an_invitation() -> None:
    page = train_page()
    assert not page.exception
    assert page.radio(key="preset").options[:2] == ["One minute", "Five minutes"]
    assert summary(page) == "**217,613** parameters, about **60 seconds** of training"
    assert button(page, "start_training")


def test_page_states_the_servers_own_limits(limits: Limits) -> None:
    assert train_page().caption[-1].value == (
        f"This server trains one run at a time, for at most {limits.longest_run:g} minutes and models of up to "
        f"{limits.largest_model:,} parameters; it keeps {limits.most_runs} runs."
    )


def test_preset_fills_the_form_and_stands_in_the_address() -> None:
    page = train_page()
    page.radio(key="preset").set_value("tiny-glimpses").run()
    assert page.number_input(key="field_glimpse_size").value == 3
    assert page.query_params["preset"] == "tiny-glimpses"
    assert "recipe" not in page.query_params


def test_what_was_changed_travels_in_the_address() -> None:
    page = train_page()
    page.number_input(key="field_num_glimpses").set_value(7)
    page.number_input(key="field_learning_rate").set_value(0.0015)
    page.toggle(key="field_use_lstm").set_value(True).run()
    recipe = str(page.query_params["recipe"])
    assert sorted(recipe.split(",")) == ["learning_rate:0.0015", "num_glimpses:7", "use_lstm:True"]
    again = train_page(recipe=recipe)
    assert again.number_input(key="field_num_glimpses").value == 7
    assert again.toggle(key="field_use_lstm").value is True


def test_form_shows_what_a_class_would_change() -> None:
    page = train_page()
    widgets = [*page.number_input, *page.selectbox, *page.toggle, *page.select_slider]
    assert {widget.key for widget in widgets if widget.key and widget.key.startswith("field_")} == {
        *(f"field_{field.name}" for field in config_fields(RAMConfig) if field.name != "num_actions"),
        *("field_epochs", "field_minutes", "field_learning_rate", "field_batch_size", "field_rollouts", "field_seed"),
        *("field_baseline", "field_reinforce_weight", "field_reward", "field_location_noise", "field_guidance"),
        "field_train_images",
    }


def test_address_changes_fields_that_the_form_does_not_show() -> None:
    page = train_page(recipe="rotation:12.0,optimizer:muon,validation_images:1")  # the last is not possible
    assert not page.exception
    assert "From the address: `optimizer` muon, `rotation` 12.0." in [caption.value for caption in page.caption]
    page.number_input(key="field_num_glimpses").set_value(7).run()
    recipe = str(page.query_params["recipe"])
    assert sorted(recipe.split(",")) == ["num_glimpses:7", "optimizer:muon", "rotation:12.0"]


def test_address_of_an_earlier_version_is_read() -> None:
    page = train_page(recipe="noise_start:0.3,noise_end:0.3,nonsense:0.1")
    assert page.number_input(key="field_location_noise").value == 0.3
    assert sorted(str(page.query_params["recipe"]).split(",")) == ["location_noise:0.3", "unreadable:0.1"]


@pytest.mark.parametrize(
    "address",
    [
        {"preset": "mnist"},
        {"preset": "x" * 1000},
        {"recipe": "hidden_size:x,nothing:3,,:,baseline:both,use_lstm:1,seed:-4,epochs:1e99"},
        {"run": "../..", "against": "nothing"},
        {"start": "nothing", "with_drawings": "?"},
    ],
)
def test_nonsense_in_the_address_is_ignored(address: dict[str, str]) -> None:
    page = train_page(**address)
    assert not page.exception
    assert summary(page).startswith("**217,613** parameters")


def test_impossible_combination_is_refused_in_words() -> None:
    page = train_page(recipe="glimpse_size:200,num_scales:8")
    assert page.warning[0].value.startswith("num_scales=8 is not possible: it must be small enough that")
    assert page.button(key="start_training").disabled


def test_start_from_a_checkpoint_takes_its_architecture() -> None:
    page = train_page()
    page.selectbox(key="start").select("mnist").run()
    assert page.number_input(key="field_num_scales").value == 1
    assert page.number_input(key="field_num_scales").disabled
    assert not page.number_input(key="field_num_glimpses").disabled
    assert summary(page).startswith("**209,421** parameters")
    page.selectbox(key="start").select("").run()
    assert page.number_input(key="field_num_scales").value == 2


def test_own_drawings_need_drawings() -> None:
    page = train_page(preset="my-drawings")
    assert page.warning[0].value.startswith("There are no drawings of yours yet")
    assert page.button(key="start_training").disabled


def test_full_queue_is_said(runs_folder: Path) -> None:
    page = train_page(recipe=TINY.replace("minutes:0.0", "minutes:10.0"))
    page.button(key="start_training").click().run()
    wait_until(lambda: any(job.status == "running" for job in jobs().all()))
    for _ in range(4):
        page.button(key="start_training").click().run()
    assert page.error[0].value == "3 runs are waiting already: try again when one has finished."


@pytest.mark.parametrize("preset", [*PRESETS, "of another version"])
def test_command_reproduces_the_configuration(preset: str) -> None:
    model, training = RAMConfig(use_lstm=True, num_glimpses=3), TrainConfig.of(minutes=2, baseline="none", seed=4)
    command = shlex.split(command_line(RunConfig(preset, model, training, "my best run")))
    options = build_parser().parse_args(command[3:])
    given = {name: value for name, value in vars(options).items() if value is not None}
    usual = {**vars(PRESETS[options.preset].model), **PRESETS[options.preset].training.flat()}
    wanted = {**vars(model), **training.flat()}
    del wanted["epochs"]  # which a time budget replaces
    assert {name: given.get(name, usual[name]) for name in wanted} == wanted
    assert str(options.start) == "my best run.safetensors"
