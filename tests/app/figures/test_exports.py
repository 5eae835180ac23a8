import dataclasses
import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from app.figures.animation import animated_gif
from app.figures.film_strip import film_strip
from app.figures.numbers import rollout_json
from app.figures.palette import step_colors
from app.figures.picture import FieldPicture, grey, patch_row
from app.look.scene import Scene
from tests.app.figures.scenes import FIELD, INK, UNSEEN_INK, make_scene, rgb


@pytest.mark.parametrize("export", [animated_gif, film_strip])
def test_pictures_say_that_a_value_expects_information(export: Callable[[Scene], bytes]) -> None:
    scene = make_scene()
    assert export(dataclasses.replace(scene, reward="information")) != export(scene)


@pytest.fixture
def scene() -> Scene:
    """Two glimpses at 32 x 32 pixels: at the centre, where there is ink, then up and right, where there is none.

    On the animation's field of 360 px one pixel is 10 px (10.9 would fit), and the image starts at 20.
    """
    image = np.zeros((32, 32), np.float32)
    image[13, 13] = image[30, 30] = 1
    return Scene(
        image=image,
        locations=np.array([[0, 0], [0.5, -0.25]], np.float32),
        location_means=np.array([[0, 0], [0.4, -0.3]], np.float32),
        location_std=0.1,
        corners=np.array([[[12, 12]], [[20, 8]]]),
        patches=np.stack([image[12:20, 12:20], image[8:16, 20:28]])[:, None],
        values=np.array([0.1, 0.9], np.float32),
        class_probs=np.array([[0.6, 0.4], [0.2, 0.8]], np.float32),
        model="test",
        settings={"seed": 3, "gaze": "sampled"},
    )


EDGES = {
    "three scales, eight glimpses": {"height": 60, "width": 60, "glimpse_size": 12, "scales": 3, "steps": 8},
    "odd sizes": {"height": 31, "width": 45, "glimpse_size": 7, "scales": 2, "steps": 3},
    "one glimpse": {"steps": 1, "classes": 10},
    "one pixel": {"height": 1, "width": 1, "glimpse_size": 1, "steps": 2},
    "more glimpses than colours": {"steps": 20, "classes": 26},
    "nine glimpses": {"steps": 9, "classes": 10},
    "one class": {"classes": 1},
    "image larger than the picture": {"height": 500, "width": 400, "glimpse_size": 20, "scales": 4},
    "patch larger than the picture": {"height": 300, "width": 300, "glimpse_size": 150, "scales": 2},
}


@pytest.fixture(params=list(EDGES.values()), ids=list(EDGES))
def edge_scene(request: pytest.FixtureRequest) -> Scene:
    return make_scene(**request.param)


def frames_of(gif: bytes) -> tuple[list[Image.Image], list[int], int]:
    """Every frame in RGB, its duration in ms, and how often the animation loops (0: for ever)."""
    image = Image.open(io.BytesIO(gif))
    frames, durations = [], []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frames.append(image.convert("RGB"))
        durations.append(image.info["duration"])
    return frames, durations, image.info["loop"]


def test_gif_holds_each_glimpse_glides_between_them_and_ends_on_the_answer(scene: Scene) -> None:
    frames, durations, loop = frames_of(animated_gif(scene))
    assert durations == [500] + [50] * 7 + [50] * 3 + [500, 2200]
    assert loop == 0
    assert {frame.size for frame in frames} == {(640, 360)}


def test_gif_draws_the_window_round_what_the_glimpse_saw(scene: Scene) -> None:
    frames, _, _ = frames_of(animated_gif(scene))
    first, second = map(rgb, step_colors(2))
    # The first window spans 140 to 220 px in x and y; its frame of 3 px lies outside.
    assert [frames[0].getpixel((x, 200)) == first for x in (136, 137, 139, 140)] == [False, True, True, False]
    assert [frames[0].getpixel((x, 200)) == first for x in (219, 220, 222, 223)] == [False, True, True, False]
    # The second one spans 220 to 300 px in x and 100 to 180 px in y.
    assert [frames[-1].getpixel((x, 110)) == second for x in (216, 217, 219, 220)] == [False, True, True, False]
    assert [frames[-1].getpixel((240, y)) == second for y in (179, 180, 182, 183)] == [False, True, True, False]
    assert first not in {color for _, color in frames[-1].crop((130, 195, 230, 230)).getcolors() or []}


def test_gif_window_glides_with_easing(scene: Scene) -> None:
    frames, _, _ = frames_of(animated_gif(scene))
    second = rgb(step_colors(2)[1])
    # A quarter of the way in time is 5/32 of the way in space, half is half.
    left, middle = 140 + 80 * 5 / 32, 180
    assert frames[2].getpixel((round(left) - 2, 180)) == second
    assert frames[4].getpixel((middle - 2, 150)) == second


def test_gif_dims_what_no_glimpse_has_seen(scene: Scene) -> None:
    frames, _, _ = frames_of(animated_gif(scene))
    for frame in (frames[0], frames[-1]):
        assert frame.getpixel((5, 5)) == FIELD
        assert frame.getpixel((155, 155)) == INK  # pixel (13, 13), seen by the first glimpse
        assert frame.getpixel((325, 325)) == UNSEEN_INK  # pixel (30, 30)


def test_gif_marks_each_location_once_the_window_is_there(scene: Scene) -> None:
    frames, _, _ = frames_of(animated_gif(scene))
    first, second = map(rgb, step_colors(2))
    # Locations are at (180, 180) and (260, 140) px; the dots have 11 px radius, the number is in the middle.
    assert [frame.getpixel((172, 180)) == first for frame in (frames[0], frames[5], frames[-1])] == [True] * 3
    assert [frame.getpixel((252, 140)) == second for frame in (frames[0], frames[-1])] == [False, True]


def test_gif_shows_the_class_probabilities_after_the_glimpse_as_bars(scene: Scene) -> None:
    frames, _, _ = frames_of(animated_gif(scene))
    first, second = map(rgb, step_colors(2))
    # 76 px stand for probability 1, upwards from y = 272; class 0 spans 368 to 496 px in x, class 1 the rest.
    assert [frames[0].getpixel((380, y)) == first for y in (272, 271, 271 - 45, 271 - 46)] == [False, True, True, False]
    assert [frames[-1].getpixel((510, y)) == second for y in (271, 271 - 60, 271 - 61)] == [True, True, False]
    assert frames[-1].getpixel((510, 271 - 61)) == FIELD


def test_gif_shows_the_answer_only_at_the_end(scene: Scene) -> None:
    frames, _, _ = frames_of(animated_gif(scene))
    line = (368, 305, 624, 350)
    assert frames[-2].crop(line).getcolors() == [(256 * 45, FIELD)]
    assert INK in {color for _, color in frames[-1].crop(line).getcolors() or []}


def test_gif_is_small_and_shares_one_palette(edge_scene: Scene) -> None:
    gif = animated_gif(edge_scene)
    frames, _, _ = frames_of(gif)
    assert len(gif) < 500_000
    assert len(set().union(*({color for _, color in frame.getcolors() or []} for frame in frames))) <= 64
    assert gif[10] & 0b10000111 == 0b10000101  # a global colour table of 2 ** 6 colours


def test_gif_has_the_same_bytes_for_the_same_scene(scene: Scene) -> None:
    assert animated_gif(scene) == animated_gif(scene)


@pytest.mark.parametrize(("steps", "size"), [(1, (384, 696)), (3, (1072, 696)), (8, (2792, 696)), (9, (2792, 1276))])
def test_film_strip_has_a_cell_a_glimpse_and_eight_in_a_row(steps: int, size: tuple[int, int]) -> None:
    strip = Image.open(io.BytesIO(film_strip(make_scene(steps=steps))))
    assert (strip.format, strip.size) == ("PNG", size)


def test_film_strip_shows_each_glimpse_with_what_was_seen_up_to_it(scene: Scene) -> None:
    strip = Image.open(io.BytesIO(film_strip(scene)))
    # A cell's field starts at (32, 84) px and 344 px further right; one pixel is 9 px, the image starts at 16.
    assert strip.getpixel((5, 5)) == (255, 255, 255)
    window = rgb(step_colors(2)[0])
    assert strip.getpixel((32 + 16 + 12 * 9 - 1, 84 + 16 + 19 * 9)) == window
    assert window == strip.getpixel((32 + 16 + 20 * 9, 84 + 16 + 19 * 9))
    for column in range(2):
        left = 32 + 344 * column + 16
        assert strip.getpixel((left + 13 * 9 + 4, 84 + 16 + 13 * 9 + 4)) == INK
        assert strip.getpixel((left + 30 * 9 + 4, 84 + 16 + 30 * 9 + 4)) == UNSEEN_INK


def test_film_strip_takes_any_scene_and_any_name(edge_scene: Scene) -> None:
    strip = film_strip(dataclasses.replace(edge_scene, model="a\nvery " + 40 * "long " + "name"))
    Image.open(io.BytesIO(strip)).verify()


def test_patches_are_enlarged_pixel_sharp_in_frames_of_the_steps_color(scene: Scene) -> None:
    row = patch_row(scene, 0, width=256, height=104, background="#000000")
    # 98 px remain inside the frame of 3 px: 12 px to each of 8 pixels, 96 in all, from y = 4.
    assert row.size == (102, 104)
    assert row.getpixel((1, 50)) == rgb(step_colors(2)[0])
    assert row.getpixel((3 + 12, 4 + 12)) == row.getpixel((3 + 23, 4 + 23)) == INK
    assert row.getpixel((3 + 11, 4 + 12)) == row.getpixel((3 + 24, 4 + 23)) != INK


def test_json_carries_every_number_and_says_what_it_is(scene: Scene) -> None:
    content = json.loads(rollout_json(scene))
    fields = [field.name for field in dataclasses.fields(Scene)]
    assert list(content) == ["format", "fields", *fields, "action", "answer"]
    assert list(content["fields"]) == [*fields, "action", "answer"]
    assert content["format"] == "glimpse-scene-1"
    assert (content["action"], content["answer"]) == (1, "RAM says 1 (80.0 %)")
    assert content["values"] == [0.1, 0.9]
    assert content["class_probs"] == [[0.6, 0.4], [0.2, 0.8]]
    assert content["corners"] == [[[12, 12]], [[20, 8]]]
    assert content["settings"] == {"seed": 3, "gaze": "sampled"}


def test_json_round_trip_gives_the_same_scene(edge_scene: Scene) -> None:
    content = json.loads(rollout_json(edge_scene))
    for field in dataclasses.fields(Scene):
        original = getattr(edge_scene, field.name)
        if isinstance(original, np.ndarray):
            np.testing.assert_array_equal(np.array(content[field.name], original.dtype), original, strict=True)
        else:
            assert content[field.name] == (list(original) if isinstance(original, tuple) else original)


def test_json_refuses_what_json_cannot_carry(scene: Scene) -> None:
    broken = dataclasses.replace(scene, values=np.array([0.1, np.nan], np.float32))
    with pytest.raises(ValueError, match="values holds numbers that are not finite"):
        rollout_json(broken)
    with pytest.raises(ValueError, match="not JSON compliant"):
        rollout_json(dataclasses.replace(scene, settings={"noise": float("inf")}))


@pytest.fixture
def forced(scene: Scene) -> Scene:
    """The second glimpse looks at (-0.5, 0.25), which is at (100, 220) px, and the answer is another."""
    return dataclasses.replace(
        scene,
        locations=np.array([[0, 0], [-0.5, 0.25]], np.float32),
        corners=np.array([[[12, 12]], [[4, 16]]]),
        class_probs=np.array([[0.6, 0.4], [0.7, 0.3]], np.float32),
        forced=(1,),
        own=scene,
    )


def test_gif_shows_its_own_way_thin_and_pale_beside_yours(scene: Scene, forced: Scene) -> None:
    pictures = [FieldPicture(shown, 360, dot_radius=11) for shown in (scene, forced)]
    first, last = (picture.draw(1) for picture in pictures)
    # Its own way leads from (180, 180) to (260, 140): a dot there, and half-way (220, 160) a line.
    pale = rgb(grey(0.6))
    assert last.getpixel((260, 140)) == pale
    assert sum(last.getpixel((220, y)) == pale for y in range(150, 170)) in (1, 2)
    assert pale not in {color for _, color in first.crop((200, 120, 280, 165)).getcolors() or []}
    # Before the two part, there is nothing to see of it.
    assert pictures[1].draw(0).tobytes() == pictures[0].draw(0).tobytes()
    # A white rim, 14 px away from the middle, marks what was moved.
    assert last.getpixel((100 - 12, 220)) == INK
    frames, _, _ = frames_of(animated_gif(forced))
    assert len(frames) == 13


def test_exports_mark_where_the_answer_flips(forced: Scene) -> None:
    def badge(scene: Scene) -> tuple[float, ...]:
        # Its disc is 1.3 radii to the right of the second location and as far above it.
        color = FieldPicture(scene, 360, dot_radius=11).draw(1).getpixel((100 + 14, 220 - 14 - 6))
        assert isinstance(color, tuple)
        return color

    assert forced.flip == 1
    assert badge(forced) == INK
    same = dataclasses.replace(forced, class_probs=forced.own_way.class_probs)
    assert same.flip is None
    assert badge(same) != INK


def test_json_says_what_its_own_way_would_have_been(scene: Scene, forced: Scene) -> None:
    content = json.loads(rollout_json(forced))
    assert content["forced"] == [1]
    assert content["locations"] == [[0, 0], [-0.5, 0.25]]
    assert content["own"]["locations"] == [[0, 0], [0.5, -0.25]]
    assert content["own"]["class_probs"] == [[0.6, 0.4], [0.2, 0.8]]
    assert (content["action"], content["own"]["action"]) == (0, 1)
    assert content["own"]["answer"] == scene.answer
    assert json.loads(rollout_json(scene))["own"] is None
    with pytest.raises(ValueError, match="own values holds numbers that are not finite"):
        rollout_json(dataclasses.replace(forced, own=dataclasses.replace(scene, values=np.array([0.1, np.nan]))))


def test_film_strip_takes_a_forced_scene(forced: Scene) -> None:
    strips = [Image.open(io.BytesIO(film_strip(shown))) for shown in (forced, forced.own_way)]
    assert strips[0].size == strips[1].size
    assert strips[0].tobytes() != strips[1].tobytes()
