"""Drawings that are no digit, to fit the question "is it a digit?" on: letters, symbols, pairs, scribbles and blots.

They are drawn on a canvas and prepared as a user's drawings are. `tests/measure/not_digits.py` measures with other
shapes. Those of `unreadable.py` are made within a batch while a network trains, and are coarser.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from ram.data.drawing import prepare_drawing
from ram.data.mnist import Digits
from ram.data.unreadable import SYMBOLS

CANVAS = 200  # pixels a side
LONGEST_LINE = 3.8  # of a digit, an eight, as a multiple of its height
PENS = (0.05, 0.15)  # widths, as shares of the figure's longer side
TURNED_ARE_NONE = (2, 3, 4, 5, 7)  # digits that are no digit after a quarter turn
MIRRORED_ARE_NONE = (3, 4, 6, 7, 9)  # the same for left and right exchanged; a mirrored two may be a five

# As `unreadable.SYMBOLS`: letters, symbols and things that look like no digit, as lines through points.
FIGURES = (
    SYMBOLS.strip()
    + """
30,30 50,22 68,32 68,85 / 68,50 40,50 26,68 40,86 68,76
68,30 45,22 26,45 30,75 50,85 68,65 / 70,22 70,86
70,10 70,88 / 70,55 45,48 28,68 45,88 70,78
25,58 72,55 68,32 45,25 26,45 28,72 50,86 74,74
68,15 52,10 45,25 45,90 / 25,45 65,45
28,30 28,88 / 28,45 48,30 66,40 68,88
35,30 35,88 / 35,48 50,32 68,36
48,10 48,80 60,90 72,80 / 28,35 70,35
25,25 28,70 45,88 68,72 70,25 / 70,60 72,88
20,25 48,88 76,25
12,25 25,85 48,45 70,85 88,25
25,25 48,60 / 75,25 40,92
50,10 22,30 22,68 50,88 78,68 78,30 50,10 / 58,62 85,92
40,10 85,10 / 64,10 64,72 48,90 28,78
80,25 55,75 30,80 20,52 32,28 55,35 80,80
22,30 14,60 28,84 48,68 50,50 / 48,68 66,86 86,62 78,30
18,28 84,28 / 36,28 30,86 / 64,28 68,86
75,12 25,12 55,50 25,88 78,88
50,8 50,92 / 50,28 24,38 24,62 50,72 76,62 76,38 50,28
20,15 24,45 50,62 76,45 80,15 / 50,10 50,90
20,90 50,10 80,90
15,50 85,50 / 50,16 51,20 / 50,80 51,84
20,15 80,50 20,85
80,15 20,50 80,85
50,50 30,30 14,50 30,70 50,50 70,30 86,50 70,70 50,50
78,20 50,12 30,30 26,50 30,70 50,88 78,80 / 12,42 60,42 / 12,58 56,58
50,10 50,90 / 28,35 72,35
20,12 80,12 20,88 80,88 20,12
15,85 15,65 38,65 38,45 60,45 60,25 85,25
65,10 35,10 35,90 65,90
15,85 10,25 32,52 50,15 68,52 90,25 85,85 15,85
30,12 70,12 90,50 70,88 30,88 10,50 30,12
15,60 20,30 50,15 80,30 85,60 15,60
10,50 50,22 90,50 50,78 10,50 / 50,42 58,50 50,58 42,50 50,42
50,50 58,48 56,60 44,60 40,46 54,36 68,50 58,72 38,70 28,48 44,26 70,28 84,52
50,30 38,20 50,8 62,20 50,30 50,62 / 22,42 78,42 / 50,62 28,92 / 50,62 72,92
30,10 30,90 / 70,10 70,90 / 30,30 70,30 / 30,55 70,55 / 30,78 70,78
50,12 50,88 / 26,64 50,88 74,64
15,50 85,50 / 15,30 85,30 / 15,70 85,70
15,50 35,30 55,50 75,30 90,45
50,90 50,45 20,15 / 50,45 80,15
20,15 20,60 80,60 80,15
50,15 20,85 80,85 50,15 / 50,40 50,62
15,20 85,20 85,75 15,75 15,20 / 15,20 50,52 85,20
50,85 50,40 / 50,40 24,34 32,12 50,40 66,12 76,34 50,40
50,50 50,14 / 50,50 82,36 / 50,50 70,82 / 50,50 30,82 / 50,50 18,36
20,50 50,20 80,50 50,80 20,50 / 50,20 50,80 / 20,50 80,50
20,20 80,20 80,80 20,80 20,20 / 20,20 80,80 / 80,20 20,80
10,80 30,20 50,80 70,20 90,80
25,15 25,85 / 50,15 50,85 / 75,15 75,85
50,10 86,34 72,84 28,84 14,34 50,10
25,90 25,10 75,10
25,90 30,10 72,10 74,90
25,10 25,90 75,12 75,90
20,90 48,10 78,10 78,90
20,10 20,85 45,85 52,68 44,52 20,52 / 78,10 78,90
22,12 50,52 / 80,12 40,92 24,88
15,20 20,70 50,85 80,70 85,20 / 50,20 50,80
75,12 50,40 20,55 / 54,38 54,92
50,8 50,24 / 20,48 20,26 82,26 76,60 40,92
24,18 76,18 / 50,18 50,82 / 14,82 86,82
14,34 86,34 / 60,8 60,92 48,84 / 58,36 16,80
30,20 30,62 / 70,20 70,60 40,92 / 12,40 88,40
50,8 46,60 26,92 / 14,36 88,36
28,26 74,26 / 12,78 88,78
66,10 26,84 / 22,36 70,72
24,14 72,14 72,88 / 72,50 28,50 / 72,88 24,88
20,20 80,20 80,85 20,85 20,20 / 20,52 80,52
15,20 85,20 85,85 15,85 15,20 / 50,20 50,85 / 15,52 85,52
50,14 50,86 / 24,42 76,42 / 12,86 88,86
50,10 50,88 40,80 / 24,40 14,70 / 74,36 88,66
16,40 16,86 86,86 86,40 / 50,12 50,86
22,14 24,60 12,90 / 50,14 50,80 / 80,12 80,92
18,14 82,14 / 22,50 78,50 / 12,88 88,88 / 50,14 50,88
52,10 46,46 12,92 / 50,44 88,92
24,46 30,86 / 26,58 44,44 60,52 60,96
28,40 28,88 / 64,40 30,64 68,88
30,38 26,96 / 29,70 44,82 60,72 64,38 / 62,74 72,84
22,38 40,86 66,60 66,40
20,40 78,34 / 50,38 46,78 60,86
20,40 34,38 64,92 78,88 / 76,38 24,92
26,90 24,54 34,20 54,10 66,26 52,44 40,46 60,50 72,66 58,86 40,82
40,12 30,40 20,72 34,88 56,76 66,50 / 52,40 84,40
20,22 46,12 60,30 46,52 34,86 60,88 84,70 / 24,54 76,50
14,80 30,20 44,76 58,22 70,78 88,60
12,50 24,30 36,50 24,70 12,50 / 36,50 64,50 / 88,50 76,30 64,50 76,70 88,50
30,90 34,30 50,12 66,30 70,90 / 34,62 66,62 / 42,36 58,36
50,10 42,26 50,42 58,26 50,10 / 50,42 26,52 34,68 50,42 / 50,42 74,52 66,68 50,42 / 50,42 46,92
16,86 50,14 84,86 16,86 / 34,52 66,52
20,60 20,90 80,90 80,60 / 50,10 50,70 / 34,54 50,70 66,54
30,10 30,50 50,64 70,50 70,10 / 50,64 50,92 / 32,92 68,92
50,92 50,30 / 50,60 24,44 / 50,48 76,30 / 50,30 36,10 / 50,30 66,10
12,30 88,30 / 12,70 88,70 / 30,30 30,70 / 70,30 70,70
20,10 44,40 20,72 50,60 80,92 64,56 84,30 52,40 20,10
50,6 50,26 / 50,26 26,50 50,74 74,50 50,26 / 50,74 50,94
30,16 70,16 62,46 38,46 30,16 / 50,46 50,84 / 30,84 70,84
10,20 36,20 36,50 64,50 64,80 90,80
12,84 12,20 40,60 68,20 90,20 / 68,20 68,84
82,24 60,10 34,20 24,46 34,66 56,64 62,46 46,38 / 24,46 14,90
22,22 40,22 40,40 22,40 22,22 / 60,22 78,22 78,40 60,40 60,22 / 25,75 75,75
"""
)

Drawing = Callable[[np.random.Generator, Digits], Float[np.ndarray, "28 28"]]
Strokes = list[Float[np.ndarray, "_ 2"]]


def draw_not_digits(count: int, digits: Digits, rng: np.random.Generator) -> Float[Tensor, "count 28 28"]:
    """Drawings that are no digit, as a model gets them.

    Args:
        count: how many.
        digits: 28x28 pixels; some of them become pairs, or are turned or mirrored into something else.
        rng: decides everything random.
    """
    kinds = rng.choice(len(KINDS), count, p=np.array(list(KINDS.values())) / sum(KINDS.values()))
    makers = list(KINDS)
    return torch.from_numpy(np.stack([makers[kind](rng, digits) for kind in kinds]))


def figure(rng: np.random.Generator, _: Digits) -> Float[np.ndarray, "28 28"]:
    """One of the FIGURES, in another hand each time."""
    strokes = _FIGURES[rng.integers(len(_FIGURES))]
    return _drawn(_in_a_hand([_moved(stroke, rng) for stroke in strokes], rng), rng)


def doodle(rng: np.random.Generator, _: Digits) -> Float[np.ndarray, "28 28"]:
    """A few lines, arcs and rings in random places."""
    return _drawn(_in_a_hand([_part(rng) for _ in range(rng.integers(3, 6))], rng), rng)


def rune(rng: np.random.Generator, _: Digits) -> Float[np.ndarray, "28 28"]:
    """Three or four strokes between the places of a grid, as in letters that nobody knows."""
    strokes = []
    for _stroke in range(rng.integers(3, 5)):
        places = rng.permutation(9)[: rng.choice([2, 2, 3, 4])]
        strokes.append(_moved(np.stack([places % 3 / 2, places // 3 / 2 * 1.3], axis=1), rng))
    return _drawn(_in_a_hand(strokes, rng), rng)


def framed(rng: np.random.Generator, _: Digits) -> Float[np.ndarray, "28 28"]:
    """An outline with small things in it or at it: faces, wheels, houses that nobody knows."""
    corners = int(rng.choice([3, 4, 5, 40]))
    around = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi, corners + 1)
    outline = np.stack([np.cos(around), np.sin(around)], axis=1)
    outline[-1] = outline[0]
    parts = []
    for _thing in range(rng.integers(2, 5)):
        part = _part(rng) - 0.5
        parts.append(part * rng.uniform(0.4, 1.2) + rng.uniform(-0.5, 0.5, 2))
    return _drawn(_in_a_hand([_moved(outline, rng), *parts], rng), rng)


def lobed(rng: np.random.Generator, _: Digits) -> Float[np.ndarray, "28 28"]:
    """A closed line with deep bays, or spikes."""
    waves, angles = int(rng.integers(3, 8)), np.linspace(0, 2 * np.pi, 120)
    wave = np.cos(waves * angles + rng.uniform(0, 2 * np.pi))
    radius = 1 + rng.uniform(0.25, 0.5) * (np.abs(wave) * 2 - 1 if rng.random() < 0.5 else wave)
    radius = radius * (1 + rng.uniform(0, 0.3) * np.cos(angles + rng.uniform(0, 2 * np.pi)))
    return _drawn(_in_a_hand([radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)], rng), rng)


def curl(rng: np.random.Generator, _: Digits) -> Float[np.ndarray, "28 28"]:
    """One smooth line, longer than that of any digit."""
    while True:
        turns = np.cumsum(rng.normal(0, 0.12, 200)) * rng.uniform(0.3, 1) + rng.uniform(-0.1, 0.1)
        heading = np.cumsum(turns) * 0.35
        path = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0)
        if len(path) > LONGEST_LINE * np.ptp(path, axis=0).max():
            return _drawn(_in_a_hand([path], rng), rng)


def scribble(rng: np.random.Generator, _: Digits) -> Float[np.ndarray, "28 28"]:
    """One line with random turns."""
    return _drawn(_in_a_hand([rng.uniform(0, 1, (rng.integers(6, 16), 2))], rng), rng)


def blot(rng: np.random.Generator, _: Digits) -> Float[np.ndarray, "28 28"]:
    """A filled shape without straight edges."""
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    waves = [rng.normal(0, 14 / wave) * np.cos(wave * angles + rng.uniform(0, 6)) for wave in range(2, 6)]
    radius = 60 + np.sum(waves, axis=0)
    stretch = np.exp(rng.uniform(-0.5, 0.5))
    points = CANVAS / 2 + radius[:, None] * np.stack([np.cos(angles) * stretch, np.sin(angles) / stretch], axis=1)
    paper = Image.new("L", (CANVAS, CANVAS))
    ImageDraw.Draw(paper).polygon([tuple(point) for point in points.clip(4, CANVAS - 4)], fill=255)
    return prepare_drawing(np.asarray(paper))


def pair(rng: np.random.Generator, digits: Digits) -> Float[np.ndarray, "28 28"]:
    """Two digits side by side, closer or farther apart, not always at one height."""
    first, second = (_cut_out(digits.images[rng.integers(len(digits.labels))].numpy()) for _ in range(2))
    gap, drop = int(rng.integers(-1, 7)), int(rng.integers(-3, 4))
    height = max(len(first), len(second)) + abs(drop)
    paper = np.zeros((height + 8, first.shape[1] + second.shape[1] + gap + 8), np.uint8)
    for ink, left, top in ((first, 4, 4 + max(0, -drop)), (second, 4 + first.shape[1] + gap, 4 + max(0, drop))):
        place = paper[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(place, ink, out=place)
    return prepare_drawing(paper)


def turned_digit(rng: np.random.Generator, digits: Digits) -> Float[np.ndarray, "28 28"]:
    """A digit that a quarter turn makes something else."""
    image = _any_of(digits, TURNED_ARE_NONE, rng)
    return prepare_drawing(np.rot90(image, rng.choice([1, 3])))


def mirrored_digit(rng: np.random.Generator, digits: Digits) -> Float[np.ndarray, "28 28"]:
    """A digit that is none in the mirror."""
    return prepare_drawing(_any_of(digits, MIRRORED_ARE_NONE, rng)[:, ::-1])


KINDS: dict[Drawing, float] = {  # how often each is drawn
    figure: 8,
    rune: 2,
    doodle: 1.5,
    framed: 1.5,
    lobed: 0.75,
    curl: 0.75,
    scribble: 1,
    blot: 0.5,
    pair: 2,
    turned_digit: 1,
    mirrored_digit: 1,
}


def _any_of(digits: Digits, classes: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    while True:
        position = rng.integers(len(digits.labels))
        if int(digits.labels[position]) in classes:
            return digits.images[position].numpy()


def _cut_out(image: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _part(rng: np.random.Generator) -> Float[np.ndarray, "points 2"]:
    """A line, or an arc of a part of an ellipse up to all of it."""
    if rng.random() < 0.45:
        return rng.uniform(0, 1, (2, 2))
    start, sweep = rng.uniform(0, 2 * np.pi), rng.choice([math.pi / 2, math.pi, 1.5 * math.pi, 2 * math.pi])
    angles = start + np.linspace(0, sweep, 16)
    radius = rng.uniform(0.1, 0.4, 2)
    return rng.uniform(0.25, 0.75, 2) + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _moved(stroke: Float[np.ndarray, "points 2"], rng: np.random.Generator) -> Float[np.ndarray, "points 2"]:
    """Moves each point a little; an outline stays closed."""
    moved = stroke + rng.normal(0, 0.02, stroke.shape)
    if np.array_equal(stroke[0], stroke[-1]):
        moved[-1] = moved[0]
    return moved


def _in_a_hand(strokes: Strokes, rng: np.random.Generator) -> Strokes:
    """Rounds the corners more or less, slants, turns and stretches."""
    rounds = int(rng.integers(0, 4))
    angle, slant, stretch = rng.uniform(-1, 1, 3) * (0.2, 0.25, 0.25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    form = turn @ np.array([[1, -slant], [0, 1]]) @ np.diag(np.exp([stretch, -stretch]))
    return [_rounded(stroke, rounds) @ form.T for stroke in strokes]


def _rounded(points: Float[np.ndarray, "points 2"], rounds: int) -> Float[np.ndarray, "more 2"]:
    """Cuts every corner, round after round (Chaikin 1974), except in outlines: a rounded diamond is a zero."""
    if len(points) < 3 or np.array_equal(points[0], points[-1]):
        return points
    for _ in range(rounds):
        before, after = points[:-1], points[1:]
        cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut[1:-1], points[-1:]])
    return points


def _drawn(strokes: Strokes, rng: np.random.Generator) -> Float[np.ndarray, "28 28"]:
    """Draws strokes with a round pen of any width."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    size = rng.uniform(90, 150)
    scale = size / max(float((high - low).max()), 1e-6)
    width = max(2, round(float(rng.uniform(*PENS)) * size))
    paper = Image.new("L", (CANVAS, CANVAS))
    pen = ImageDraw.Draw(paper)
    for stroke in strokes:
        path = [tuple(point) for point in (stroke - (low + high) / 2) * scale + CANVAS / 2]
        pen.line(path, fill=255, width=width, joint="curve")
        for x, y in (path[0], path[-1]):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return prepare_drawing(np.asarray(paper))


def _as_strokes(text: str) -> Strokes:
    """The strokes of one of the FIGURES, in shares of its square."""
    return [
        np.array([[float(number) for number in point.split(",")] for point in stroke.split()]) / 100
        for stroke in text.split(" / ")
    ]


_FIGURES = [_as_strokes(line) for line in FIGURES.strip().splitlines()]
