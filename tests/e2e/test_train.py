"""The Train page as a class uses it: real runs, a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from ram.training.run_folder import RunFolder
from tests.e2e.conftest import running_app
from tests.e2e.drawing import DrawPage, see
from tests.processes import end_runs, wait_until
from tests.servers import ROOT

# Of a small model. One run ends by itself after a few seconds, the other not before somebody ends it.
SHORT = "minutes:0,epochs:1,train_images:5000,hidden_size:64,validation_images:1000"
LONG = "minutes:5,hidden_size:64,validation_images:1000"
READINGS = "() => [...document.querySelectorAll('.js-plotly-plot')].map((plot) => plot.calcdata?.[0]?.length ?? 0)"


# Notes which epochs are told of.
WATCH = """(epoch) => {
  window.epochs = [];
  new MutationObserver(() => epochs.push(epoch.textContent)).observe(epoch, { childList: true });
}"""


class Workshop:
    """The Train page in a browser."""

    def __init__(self, page: Page, server: str, folder: Path) -> None:
        self.page, self.server, self.folder = page, server, folder
        self.status = page.locator(".st-key-stage-of-runs")

    def open(self, query: str = "") -> None:
        self.page.goto(f"{self.server}/train{query}")
        see(self.button("start_training"), seconds=60)

    def button(self, key: str) -> Locator:
        return self.page.locator(f".st-key-{key} button").first

    def click(self, key: str) -> None:
        self.page.locator(f".st-key-{key} button").first.click()

    def start(self, recipe: str) -> RunFolder:
        """Starts a run."""
        self.open(f"?recipe={recipe}")
        self.click("start_training")
        expect(self.page).to_have_url(re.compile(r"run=\d[\w-]+"))  # not that of the recorded run before it
        name = re.search(r"run=(\d[\w-]+)", self.page.url)
        assert name
        return RunFolder(self.folder / "runs" / name[1])

    def train(self) -> RunFolder:
        """Starts a long run and waits until it trains."""
        folder = self.start(LONG)
        see_training(self.page)
        return folder

    def readings(self) -> list[int]:
        """How many points the first curve of each chart has."""
        return list(self.page.evaluate(READINGS))


def see_training(page: Page) -> None:
    """Waits until a run trains."""
    see(page.locator(".stProgress").filter(has_text="left"), seconds=60)


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server that is to train, and its folder."""
    folder = tmp_path_factory.mktemp("classroom")
    with running_app(folder) as server:
        yield server, folder
    end_runs(folder / "runs")


@pytest.fixture
def workshop(page: Page, classroom: tuple[str, Path]) -> Iterator[Workshop]:
    """The Train page of a server without runs, still to be opened."""
    server, folder = classroom
    for run in (folder / "runs").glob("*/"):
        shutil.rmtree(run)
    yield Workshop(page, server, folder)
    end_runs(folder / "runs")


def see_curves_grow(workshop: Workshop) -> None:
    """Waits until the curves have grown in the charts that are there, while the digits move along with them."""
    page = workshop.page
    page.emulate_media(reduced_motion="no-preference")
    expect(page.locator(".js-plotly-plot")).to_have_count(4)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    # The recorded run on show before has 60 readings, this one a reading a second.
    wait_until(lambda: 1 < min(workshop.readings()) <= max(workshop.readings()) < 40)
    page.evaluate("window.charts = [...document.querySelectorAll('.js-plotly-plot')]")
    before = workshop.readings()
    wait_until(lambda: workshop.readings()[-1] > before[-1])
    assert page.evaluate("[...document.querySelectorAll('.js-plotly-plot')].every((c, i) => c === window.charts[i])")
    expect(page.locator(".learning .tile")).to_have_count(6)
    page.emulate_media(reduced_motion="reduce")


def stop(workshop: Workshop) -> None:
    """Stops the run on show."""
    workshop.click("stop")
    see(workshop.status.filter(has_text="Stopped; the best so far is kept"), seconds=60)


def go_on(workshop: Workshop) -> None:
    """Resumes the run on show."""
    workshop.click("resume")
    see_training(workshop.page)


def download_and_rename(workshop: Workshop, folder: RunFolder) -> None:
    """Takes the model of a stopped run away, and calls the run Ours."""
    page = workshop.page
    workshop.click("more")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the checkpoint").click()
    assert download.value.suggested_filename == "One-minute.safetensors"
    assert Path(download.value.path()).read_bytes() == folder.best.read_bytes()
    page.get_by_label("Name", exact=True).fill("Ours")
    page.get_by_label("Name", exact=True).press("Enter")
    workshop.click("rename")
    expect(page.locator(".st-key-run")).to_contain_text("Run")
    expect(page.locator(".st-key-run input")).to_have_value("Ours")
    page.keyboard.press("Escape")


def draw_with_both(workshop: Workshop) -> None:
    """Has the run's model and the pretrained one look at a drawing."""
    page, draw_page = workshop.page, DrawPage(workshop.page, workshop.server)
    workshop.click("use-compare")
    expect(page.locator(".viewer .classes li")).to_have_count(20)
    expect(page.locator(".st-key-stage-of-runs")).to_have_count(0)
    draw_page.draw(7)
    expect(page.locator(".answer[role=status]")).to_have_text([re.compile("RAM "), re.compile("RAM says 7")])
    draw_page.expect_address("compare=yes", "model=20")


def test_class_trains_stops_resumes_draws_with_the_result_and_deletes_it(workshop: Workshop) -> None:
    page = workshop.page
    folder = workshop.train()
    see_curves_grow(workshop)
    stop(workshop)
    go_on(workshop)
    tell(folder, signal.SIGKILL)
    see(workshop.status.filter(has_text="Its process ended before its time"), seconds=60)
    go_on(workshop)
    stop(workshop)
    download_and_rename(workshop, folder)
    draw_with_both(workshop)
    page.get_by_role("link", name="Train").click()
    expect(page.locator(".st-key-run input")).to_have_value("Ours")
    workshop.click("more")
    page.get_by_text("Delete Ours for everyone").click()
    workshop.click("delete")
    expect(page.locator(".st-key-run input")).to_have_value("One minute (recorded)")
    assert not folder.path.exists()


def test_run_finishes_and_its_readings_are_played_from_untrained_to_trained(workshop: Workshop) -> None:
    page = workshop.page
    workshop.start(SHORT)
    see(workshop.status.filter(has_text="Finished"), seconds=90)
    page.emulate_media(reduced_motion="no-preference")
    viewer = page.locator(".learning")
    viewer.locator(".scrub").focus()
    page.keyboard.press("Home")
    expect(viewer.locator(".epoch")).to_have_text("untrained")
    page.keyboard.press("ArrowRight")
    expect(viewer.locator(".epoch")).to_contain_text("epoch 0.")
    page.keyboard.press("End")
    expect(viewer.locator(".epoch")).to_contain_text("epoch")
    viewer.locator(".epoch").evaluate(WATCH)
    viewer.locator(".play").click()  # from the beginning
    wait_until(lambda: re.search(r"untrained.* epoch 0\.", page.evaluate("epochs.join(' ')")))


@pytest.mark.usefixtures("motion")
def test_recorded_runs_play_and_are_compared_before_anybody_has_trained(workshop: Workshop) -> None:
    page = workshop.page
    page.goto(f"{workshop.server}/train")
    viewer = page.locator(".learning")
    see(viewer.locator(".epoch", has_text="untrained"), seconds=60)
    expect(viewer.locator(".play")).to_have_attribute("aria-label", "Pause")
    expect(viewer.locator(".epoch")).to_contain_text("epoch")
    captions = page.locator(".live-charts figcaption")
    expect(captions.nth(1)).to_contain_text("the baseline has learned what to expect")
    workshop.click("choose-recorded-no-baseline-1")
    expect(page).to_have_url(re.compile("no-baseline-1"))
    expect(workshop.status).to_contain_text("nothing subtracted from the reward")
    expect(captions.nth(1)).not_to_contain_text("the baseline has learned")
    workshop.click("more")
    expect(page.locator(".st-key-checkpoint")).to_be_visible()
    expect(page.locator(".st-key-delete")).to_have_count(0)
    page.keyboard.press("Escape")
    workshop.click("choose-recorded-one-minute")
    workshop.click("use")
    expect(page.locator(".viewer .classes li")).to_have_count(10)
    page.locator(".gallery button").first.click()
    expect(page.locator(".answer[role=status]")).to_contain_text("RAM ")
    DrawPage(page, workshop.server).expect_address("model=recorded")


# The epochs of two runs in those of 100 frames in which they differ.
EPOCHS_OF_FRAMES = """async () => {
  const shown = () => [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
    .map((part) => part.shadowRoot?.querySelector(".learning .epoch")?.textContent).filter((epoch) => epoch);
  const differ = [];
  for (let frame = 0; frame < 100; frame++) {
    await new Promise(requestAnimationFrame);
    const [left, right] = shown();
    if (!left || left !== right) differ.push([left, right]);
  }
  return differ;
}"""


@pytest.mark.usefixtures("motion")
def test_two_runs_are_played_scrubbed_and_stepped_in_step(workshop: Workshop) -> None:
    page = workshop.page
    page.goto(f"{workshop.server}/train?run=recorded/one-minute&against=recorded/no-baseline-1")
    viewers = page.locator(".learning")
    left, right = viewers.nth(0), viewers.nth(1)
    expect(right.locator(".play")).to_have_attribute("aria-label", "Pause")
    expect(left.locator(".play")).to_have_attribute("aria-label", "Pause")
    assert page.evaluate(EPOCHS_OF_FRAMES) == []
    right.locator(".play").click()
    for viewer in (left, right):
        expect(viewer.locator(".play")).to_have_attribute("aria-label", "Play")
    left.locator(".scrub").focus()
    page.keyboard.press("Home")
    expect(right.locator(".epoch")).to_have_text("untrained")
    right.locator(".forward").click()
    expect(left.locator(".epoch")).to_have_text("epoch 0.06")
    expect(right.locator(".epoch")).to_have_text("epoch 0.06")
    box = right.locator(".scrub").bounding_box()
    assert box is not None
    right.locator(".scrub").click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(right.locator(".epoch")).not_to_have_text("epoch 0.06")
    wait_until(lambda: left.locator(".epoch").inner_text() == right.locator(".epoch").inner_text())
    left.locator(".play").click()
    expect(right.locator(".play")).to_have_attribute("aria-label", "Pause")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """An empty folder; runs in it do not outlive the test."""
    yield tmp_path
    end_runs(tmp_path / "runs")


def tell(folder: RunFolder, number: signal.Signals) -> None:
    """Sends a signal to the process of a run."""
    process = folder.holder()
    assert process
    os.kill(process, number)


def test_run_survives_a_refresh_another_tab_and_a_new_server(page: Page, place: Path) -> None:
    with running_app(place) as server:
        folder = Workshop(page, server, place).train()
        tell(folder, signal.SIGSTOP)  # it is there, and leaves the machine to the browser
        page.reload()
        see_training(page)
        other = page.context.new_page()
        other.goto(f"{server}/train")
        see_training(other)
        other.close()
    assert folder.is_running()
    with running_app(place) as server:
        workshop = Workshop(page, server, place)
        workshop.open()
        see_training(page)
        before = len(folder.read_metrics())
        tell(folder, signal.SIGCONT)
        wait_until(lambda: len(folder.read_metrics()) > before)
        tell(folder, signal.SIGSTOP)
        workshop.click("start_training")
        see(workshop.status.filter(has_text="Number 1 in the queue"), seconds=60)
        end_runs(place / "runs")
        see_training(page)


def test_uploaded_checkpoint_is_refused_or_used(workshop: Workshop, tmp_path: Path) -> None:
    page = workshop.page
    workshop.open()
    (tmp_path / "letter.safetensors").write_text("Dear class, this is no checkpoint.", encoding="utf-8")
    workshop.click("more")
    page.locator(".st-key-checkpoint input[type=file]").set_input_files(tmp_path / "letter.safetensors")
    expect(workshop.status).to_contain_text("This file cannot be used: it is not a safetensors file")
    page.locator(".st-key-checkpoint input[type=file]").set_input_files(ROOT / "checkpoints" / "mnist.safetensors")
    expect(workshop.status).to_contain_text("Uploaded checkpoint")
    page.keyboard.press("Escape")
    workshop.click("use")
    expect(page.locator(".viewer .classes li")).to_have_count(10)
    page.locator(".gallery button").first.click()
    expect(page.locator(".answer[role=status]")).to_contain_text("RAM ")
