"""Test digits, uploads and downloads."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.e2e.drawing import DrawPage, see


def seven(ink: int, paper: int, times: int = 1) -> Image.Image:
    """A seven as somebody might scan it, so many times as large."""
    image = Image.new("L", (400, 500), paper)
    ImageDraw.Draw(image).line([(110, 90), (300, 95), (190, 400)], fill=ink, width=26, joint="curve")
    return image.resize((400 * times, 500 * times))


def encode(image: Image.Image, kind: str = "PNG") -> bytes:
    """The bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, format=kind)
    return stream.getvalue()


def noise() -> Image.Image:
    """Something like a photograph: no plain paper anywhere."""
    levels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    return Image.fromarray(levels).resize((800, 600))


def upload(draw_page: DrawPage, name: str, kind: str, content: bytes) -> None:
    """Chooses a file in the upload dialog."""
    draw_page.page.get_by_role("button", name="Upload an image").click()
    draw_page.page.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})


def test_gallery_shows_one_class_or_the_hardest_and_a_digit_travels_in_the_url(draw_page: DrawPage) -> None:
    buttons = draw_page.page.locator(".gallery button")
    draw_page.open("?digits=4")
    titles = [button.get_attribute("title") or "" for button in buttons.all()]
    assert len(titles) == 12
    assert all(title.endswith("a 4") for title in titles)
    chosen = buttons.nth(2)
    position = titles[2].split()[2].rstrip(",")
    chosen.click()
    see(draw_page.answer.filter(has_text="RAM "))
    draw_page.expect_address(f"sample={position}")
    expect(chosen).to_have_attribute("aria-pressed", "true")
    draw_page.open("?digits=hardest")
    buttons.first.click()
    expect(draw_page.count).to_contain_text("of 6")


def test_upload_is_read_in_either_polarity_or_gets_one_sentence_and_leaves_the_way_open(draw_page: DrawPage) -> None:
    draw_page.open()
    for ink, paper, times, kind in ((0, 255, 1, "PNG"), (255, 0, 1, "PNG"), (40, 225, 1, "JPEG"), (40, 225, 8, "JPEG")):
        upload(draw_page, f"seven.{kind.lower()}", f"image/{kind.lower()}", encode(seven(ink, paper, times), kind))
        draw_page.expect_answer(7)
        draw_page.click_in_app("clear")
        draw_page.expect_empty_stage()
    alert = draw_page.page.locator(".stAlert")
    for name, content, sentence in (
        ("text.png", b"This is a text, not an image.", "not a PNG or JPEG image"),
        ("cut.png", encode(noise())[:5000], "damaged"),
        ("huge.png", encode(Image.new("1", (8000, 6250))), "50 megapixels"),
        ("photo.png", encode(noise()), ""),
        ("blank.png", encode(Image.new("RGBA", (300, 300), (0, 0, 0, 0))), ""),
    ):
        upload(draw_page, name, "image/png", content)
        see(alert)
        expect(alert).to_have_count(1)
        expect(alert).to_contain_text(sentence)
        draw_page.page.keyboard.press("Escape")
        draw_page.draw(7)
        draw_page.expect_answer(7)
        expect(alert).to_have_count(0)
        draw_page.click_in_app("clear")
        draw_page.expect_empty_stage()


def test_look_can_be_taken_away_and_its_numbers_stand_below_as_charts_and_table(draw_page: DrawPage) -> None:
    draw_page.open("?sample=17")
    draw_page.expect_answer(7)
    saved = {}
    for label in ("Animated GIF", "PNG film strip", "JSON"):
        with draw_page.page.expect_download() as download:
            draw_page.page.get_by_role("link", name=label).click()
        saved[label] = download.value.path().read_bytes()
    with Image.open(io.BytesIO(saved["Animated GIF"])) as gif:
        assert gif.format == "GIF"
        assert getattr(gif, "n_frames", 1) > 20
    with Image.open(io.BytesIO(saved["PNG film strip"])) as strip:
        assert strip.format == "PNG"
    assert json.loads(saved["JSON"])["action"] == 7
    # Also while the page is being drawn anew.
    again = draw_page.page.get_by_role("button", name="Look again").element_handle()
    with draw_page.page.expect_download() as download:
        draw_page.page.get_by_role("link", name="JSON").evaluate(
            "(link, again) => [again, link].map((each) => each.click())", again
        )
    assert json.loads(download.value.path().read_bytes())["action"] == 7
    draw_page.expect_answer(7)
    # A file that is not there, in the server's own words, until something else is clicked.
    link, alert = draw_page.page.get_by_role("link", name="JSON"), draw_page.page.get_by_role("alert")
    lead_to = "(link, address) => { link.href = address; }"
    address = link.get_attribute("href")
    link.evaluate(lead_to, "download/nobody/nothing")
    link.click()
    expect(alert).to_have_text("This file is no longer there: load the page again.")
    draw_page.page.get_by_role("heading", name="What the model looks at").click()
    expect(alert).to_have_count(0)
    link.evaluate(lead_to, address)
    # The numbers stand below.
    expect(draw_page.page.locator(".js-plotly-plot")).to_have_count(2)
    expect(draw_page.page.locator(".js-plotly-plot").first).to_be_visible()
    # Plotly refuses no word that it does not know, unless it is asked.
    unknown = "charts => charts.flatMap(({ data, layout }) => window.Plotly.validate(data, layout) ?? [])"
    assert draw_page.page.locator(".js-plotly-plot").evaluate_all(unknown) == []
    draw_page.page.get_by_text("The same as numbers").click()
    expect(draw_page.page.locator(".stDataFrame")).to_be_visible()
    draw_page.draw(7)
    expect(draw_page.page.locator(".sees")).to_contain_text("your drawing")
    with draw_page.page.expect_download() as download:
        draw_page.page.get_by_role("link", name="JSON").click()
    content = json.loads(download.value.path().read_bytes())
    assert content["settings"]["origin"] == "your drawing"
    expect(draw_page.page.locator(".stDataFrame canvas").first).to_contain_text(f"{content['values'][-1]:.2f}")
