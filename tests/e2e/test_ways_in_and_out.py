"""Test digits, uploads and downloads."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.e2e.drawing import Desk, see


def seven(ink: int, paper: int) -> Image.Image:
    """A seven as somebody might scan it."""
    image = Image.new("L", (400, 500), paper)
    ImageDraw.Draw(image).line([(110, 90), (300, 95), (190, 400)], fill=ink, width=26, joint="curve")
    return image


def encode(image: Image.Image, kind: str = "PNG") -> bytes:
    """The bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, format=kind)
    return stream.getvalue()


def noise() -> Image.Image:
    """Something like a photograph: no plain paper anywhere."""
    levels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    return Image.fromarray(levels).resize((800, 600))


def upload(desk: Desk, name: str, kind: str, content: bytes) -> None:
    """Chooses a file in the upload dialog."""
    desk.page.get_by_role("button", name="Upload an image").click()
    desk.page.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})


def test_gallery_digit_is_shown_and_travels_in_the_url(desk: Desk) -> None:
    desk.open()
    chosen = desk.page.locator(".gallery button").nth(2)
    position = (chosen.get_attribute("title") or "").split()[2].rstrip(",")
    chosen.click()
    see(desk.answer.filter(has_text="RAM "))
    desk.expect_address(f"sample={position}")
    expect(chosen).to_have_attribute("aria-pressed", "true")


def test_gallery_shows_one_class_or_the_hardest(desk: Desk) -> None:
    first = desk.page.locator(".gallery button").first
    desk.open("?digits=4")
    titles = [button.get_attribute("title") or "" for button in desk.page.locator(".gallery button").all()]
    assert len(titles) == 12
    assert all(title.endswith("a 4") for title in titles)
    desk.open("?digits=hardest")
    first.click()
    expect(desk.count).to_contain_text("of 6")


@pytest.mark.parametrize(("ink", "paper", "kind"), [(0, 255, "PNG"), (255, 0, "PNG"), (40, 225, "JPEG")])
def test_uploaded_digit_is_read_in_either_polarity(desk: Desk, ink: int, paper: int, kind: str) -> None:
    desk.open()
    upload(desk, f"seven.{kind.lower()}", f"image/{kind.lower()}", encode(seven(ink, paper), kind))
    desk.expect_answer(7)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("text.png", b"This is a text, not an image.", "not a PNG or JPEG image"),
        ("cut.png", encode(noise())[:5000], "damaged"),
        ("huge.png", encode(Image.new("1", (8000, 6250))), "50 megapixels"),
        ("photo.png", encode(noise()), None),
        ("blank.png", encode(Image.new("RGBA", (300, 300), (0, 0, 0, 0))), None),
    ],
)
def test_unusable_upload_gets_one_sentence(desk: Desk, name: str, content: bytes, sentence: str | None) -> None:
    desk.open()
    upload(desk, name, "image/png", content)
    alert = desk.page.locator(".stAlert")
    see(alert)
    expect(alert).to_have_count(1)
    if sentence:
        expect(alert).to_contain_text(sentence)
    # And the way on is open.
    desk.page.keyboard.press("Escape")
    desk.draw(7)
    desk.expect_answer(7)
    expect(alert).to_have_count(0)


def test_look_can_be_taken_away_as_gif_strip_and_json(desk: Desk) -> None:
    desk.open("?sample=17")
    desk.expect_answer(7)
    saved = {}
    for label in ("Animated GIF", "PNG film strip", "JSON"):
        with desk.page.expect_download() as download:
            desk.page.get_by_role("button", name=label).click()
        saved[label] = download.value.path().read_bytes()
    with Image.open(io.BytesIO(saved["Animated GIF"])) as gif:
        assert gif.format == "GIF"
        assert getattr(gif, "n_frames", 1) > 20
    with Image.open(io.BytesIO(saved["PNG film strip"])) as strip:
        assert strip.format == "PNG"
    assert json.loads(saved["JSON"])["action"] == 7


def test_numbers_stand_below_as_charts_and_table(desk: Desk) -> None:
    desk.open("?sample=17")
    expect(desk.page.locator(".js-plotly-plot")).to_have_count(2, timeout=20_000)
    expect(desk.page.locator(".js-plotly-plot").first).to_be_visible()
    desk.page.get_by_text("The same as numbers").click()
    expect(desk.page.locator(".stDataFrame")).to_be_visible()
