"""The field of a look as a picture: its margin, and what of it was seen."""

import dataclasses

import numpy as np

from app.figures.picture import FieldPicture
from tests.app.figures.scenes import FIELD, INK, UNSEEN_INK, make_scene


def test_field_leaves_a_margin_for_windows_beyond_the_border() -> None:
    inside = dataclasses.replace(make_scene(steps=1), corners=np.array([[[10, 10]]]))
    beyond = dataclasses.replace(inside, corners=np.array([[[-4, 10]]]))
    far = dataclasses.replace(inside, corners=np.array([[[-1000, 10]]]))
    # 330 px to 32 pixels and half a pixel round them; 4.5 pixels; at most 0.15 of 32.
    zooms = [FieldPicture(scene, 330, dot_radius=9).zoom for scene in (inside, beyond, far)]
    assert zooms == [10, 8, 7]
    assert FieldPicture(beyond, 330, dot_radius=9).window(0, 0)[0] >= 0


def test_field_has_no_margin_for_coarser_windows() -> None:
    corners = np.array([[[10, 10], [6, 6]], [[10, 10], [-40, 30]]])
    scene = dataclasses.replace(make_scene(scales=2), corners=corners)
    assert FieldPicture(scene, 330, dot_radius=9).zoom == 10


def test_field_shows_what_was_seen_coarsely_as_the_sensor_averaged_it() -> None:
    image = np.zeros((32, 32), np.float32)
    image[1, 1] = image[5, 5] = 1
    patches = np.zeros((1, 2, 8, 8), np.float32)
    patches[0, 0, 1, 1] = 1  # the fine window starts at (4, 4)
    patches[0, 1, 0, 0] = 0.25  # the coarse one at (0, 0), with cells of 2 x 2 pixels: one of four has ink
    patches[0, 1, 2, 2] = 0.25
    scene = dataclasses.replace(
        make_scene(steps=1, scales=2),
        image=image,
        patches=patches,
        corners=np.array([[[4, 4], [0, 0]]]),
        locations=np.array([[0.9, 0.9]], np.float32),  # the dot lies elsewhere
    )
    field = FieldPicture(scene, 330, dot_radius=9)
    picture, (left, top) = field.draw(0), field.origin

    def color_at(x: int, y: int) -> object:
        """The colour in the middle of a pixel."""
        return picture.getpixel((left + round((x + 0.5) * field.zoom), top + round((y + 0.5) * field.zoom)))

    assert color_at(20, 20) == FIELD  # not seen
    assert color_at(2, 2) == (24, 28, 42)  # paper seen coarsely: 0.8 of the way from the field to (27, 32, 48)
    assert color_at(6, 6) == (27, 32, 48)  # paper seen finely
    assert color_at(5, 5) == INK
    assert color_at(0, 1) == (61, 65, 77)  # blurred: from coarse paper 0.65 * 0.25 of the way to ink
    assert color_at(1, 1) == UNSEEN_INK  # and through it the ink, as dim as unseen ink
    assert color_at(4, 4) == (27, 32, 48)  # where it was seen finely too, there is no blur


def test_field_shows_what_the_finest_window_saw_beyond_the_border() -> None:
    scene = dataclasses.replace(
        make_scene(steps=1), corners=np.array([[[-3, 10]]]), locations=np.zeros((1, 2), np.float32)
    )
    scene = dataclasses.replace(scene, image=np.zeros((32, 32), np.float32), patches=np.zeros((1, 1, 8, 8), np.float32))
    field = FieldPicture(scene, 330, dot_radius=9)
    picture, (left, top) = field.draw(0), field.origin
    row = top + round(12.5 * field.zoom)
    assert picture.getpixel((left - round(1.5 * field.zoom), row)) == (27, 32, 48)
    assert picture.getpixel((left - round(3.7 * field.zoom), row)) == FIELD


def test_line_round_the_image_is_as_bright_as_in_the_viewer() -> None:
    field = FieldPicture(
        dataclasses.replace(make_scene(steps=1), image=np.zeros((32, 32), np.float32)), 330, dot_radius=9
    )
    left, top = field.origin
    corner = field.draw(0).getpixel((left - 1, top - 1))
    assert corner == (49, 51, 56)  # 0.16 of the way from the field to ink
