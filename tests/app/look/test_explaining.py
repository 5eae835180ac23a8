"""The numbers in the formulas, against the weights in the checkpoint's file, added up in NumPy."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from app.look.explaining import Item, Looked, explain, parse_item
from app.look.formula import Formula, plain, plus, power_of_e, products, tex
from app.look.inside import look_inside
from app.look.looking import LookRequest
from app.views.formula_panel import aligned, table_in_html
from ram import RAM, RAMConfig
from ram.checkpoints import SHIPPED, load_checkpoint
from tests.app.look.test_inside import REQUESTS, image_of, weights_of
from tests.app.look.test_numbers_by_numpy import Array, Weights, sigmoid

CLASSES = tuple("0123456789")
ALL = ["mnist", "mnist-lstm", "translated-60", "cluttered-60", "cluttered-100"]
_LOOKED: dict[tuple[str, str], tuple[Looked, Weights]] = {}


def looked_at(name: str, kind: str = "sampled") -> tuple[Looked, Weights]:
    """A look by a shipped model, and its weights from the file."""
    if (name, kind) not in _LOOKED:
        model = load_checkpoint(SHIPPED / f"{name}.safetensors", "cpu")
        looked = Looked(model, look_inside(model, image_of(name), REQUESTS[kind]), CLASSES)
        _LOOKED[name, kind] = looked, weights_of(name)
    return _LOOKED[name, kind]


def numbers(text: str) -> list[float]:
    """All numbers with decimals in a text, with either minus sign."""
    return [float(found.replace("−", "-")) for found in re.findall(r"[-−]?\d+\.\d+", text)]


def last_number(formula: Formula, line: int = -1) -> float:
    return numbers(formula.lines[line])[-1]


def near(number: float) -> object:
    """Right to the four decimals shown, but for float32."""
    return pytest.approx(number, abs=1.2e-4)


def check_products(formula: Formula, weights: Array, inputs: Array) -> None:
    """The table has the five largest products, and each row is an input, its weight and both multiplied."""
    assert formula.table is not None
    wanted = sorted(np.abs(weights * inputs), reverse=True)[: len(formula.table.rows)]
    found = [numbers(" ".join(row[1:])) for row in formula.table.rows]
    assert [abs(row[-1]) for row in found] == [near(number) for number in wanted]
    assert all(row[0] * row[1] == pytest.approx(row[2], abs=2e-3 + 1e-4 * abs(row[0])) for row in found)


@pytest.mark.parametrize("name", ALL)
def test_value_is_the_sum_of_its_parts(name: str) -> None:
    looked, weights = looked_at(name)
    for step in (0, 2, looked.inside.steps - 1):
        formula = explain(looked, step + 1, Item("value"))
        hidden, row = looked.inside.layers["hidden"][step].astype(float), weights["value_network.linear.weight"][0]
        bias = weights["value_network.linear.bias"][0]
        check_products(formula, row, hidden)
        most, rest, last, value = numbers(formula.lines[1])
        assert (last, value) == (near(bias), near(row @ hidden + bias))
        assert most == near(sum(sorted(row * hidden, key=abs, reverse=True)[:5]))
        assert most + rest + last == pytest.approx(value, abs=3e-4)
        assert numbers(formula.sentence)[0] == value


@pytest.mark.parametrize("name", ALL)
def test_probability_is_the_softmax_of_the_logits(name: str) -> None:
    looked, weights = looked_at(name)
    for step, index in ((0, 3), (looked.inside.steps - 1, 7)):
        formula = explain(looked, step + 1, Item("class", (index,)))
        hidden = looked.inside.layers["hidden"][step].astype(float)
        logits = weights["action_network.linear.weight"] @ hidden + weights["action_network.linear.bias"]
        odds = np.exp(logits)
        assert last_number(formula, 1) == near(odds[index] / odds.sum())
        assert last_number(formula, 2) == pytest.approx(logits[index], abs=1e-3)
        assert formula.table is not None
        assert [numbers(row[1])[0] for row in formula.table.rows] == pytest.approx(logits.tolist(), abs=1e-3)
        assert [numbers(row[2])[0] for row in formula.table.rows] == [near(each / odds.sum()) for each in odds]
        assert [row[0] for row in formula.table.rows] == list(CLASSES)


@pytest.mark.parametrize("kind", ["mean", "sampled"])
@pytest.mark.parametrize("name", ALL)
def test_location_is_the_clamped_sum_of_mean_and_noise(name: str, kind: str) -> None:
    looked, weights = looked_at(name, kind)
    inside = looked.inside
    for step in range(1, inside.steps):
        formula = explain(looked, step + 1, Item("location"))
        before = inside.layers["hidden"][step - 1].astype(float)
        sums = weights["location_network.linear.weight"] @ before + weights["location_network.linear.bias"]
        for axis in range(2):
            total, *added, result = numbers(formula.lines[1 + axis])
            assert total == pytest.approx(sums[axis], abs=5e-4)
            sample = np.tanh(sums[axis]) + (0.2 * added[1] if added else 0)
            assert result == pytest.approx(np.clip(sample, -1, 1), abs=2e-4)
            if added:
                assert added[0] == 0.2
                assert added[2] == pytest.approx(sample, abs=2e-4)
        density = explain(looked, step + 1, Item("log_prob"))
        noise = inside.noise[step - 1].astype(float)
        wanted = -float((noise**2).sum()) / (2 * 0.2**2) - 2 * np.log(0.2) - np.log(2 * np.pi)
        assert last_number(density) == pytest.approx(wanted, abs=1e-3)
        assert sum(numbers(density.lines[2].replace("- ", "-"))[:-1]) == pytest.approx(wanted, abs=1e-3)


def test_sample_beyond_the_border_is_clamped_and_scored_where_it_fell() -> None:
    torch.manual_seed(0)
    model = RAM(RAMConfig(location_std=2.0, hidden_size=8, glimpse_hidden_size=4))
    request = LookRequest(first="centre", gaze="sampled", seed=1)
    inside = look_inside(model, np.zeros((28, 28), np.float32), request)
    step, axis = (int(place) for place in np.argwhere(np.abs(inside.samples) > 1.5)[0])
    looked = Looked(model, inside, CLASSES)
    *_, sample, result = numbers(explain(looked, step + 1, Item("location")).lines[1 + axis])
    assert abs(sample) > 1.5
    assert abs(result) == 1
    noise = float((inside.noise[step - 1] ** 2).sum())
    wanted = -noise / 8 - 2 * np.log(2) - np.log(2 * np.pi)
    assert last_number(explain(looked, step + 1, Item("log_prob"))) == near(wanted)


def test_location_that_no_policy_chose_says_who_did() -> None:
    assert "No policy chooses" in explain(looked_at("mnist")[0], 1, Item("location")).sentence
    assert "it was placed" in explain(looked_at("mnist", "mean")[0], 1, Item("location")).sentence
    forced = explain(looked_at("mnist", "forced")[0], 3, Item("location"))
    assert "You moved it there" in forced.sentence
    assert numbers(forced.lines[0]) == [-1, 0.5]
    with pytest.raises(ValueError, match="no Item"):
        explain(looked_at("mnist")[0], 1, Item("log_prob"))


@pytest.mark.parametrize("name", ["mnist", "cluttered-60", "cluttered-100"])
def test_pixel_of_a_patch_is_the_mean_of_the_images(name: str) -> None:
    looked, _ = looked_at(name)
    inside = looked.inside
    padded = np.pad(inside.image.astype(float), 100)
    _, scales, size, _ = inside.patches.shape
    for step, scale, row, column in [(1, 0, 2, 3), (2, scales - 1, 0, size - 1), (0, scales - 1, size - 1, size - 2)]:
        formula, cell = explain(looked, step + 1, Item("pixel", (scale, row, column))), 2**scale
        left, top = inside.corners[step, scale] + 100
        square = padded[top + row * cell :, left + column * cell :][:cell, :cell]
        assert last_number(formula) == near(square.mean())
        if formula.table is not None:
            found = [numbers(" ".join(cells[1:])) for cells in formula.table.rows]
            assert np.array(found) == pytest.approx(square, abs=0.0051)


@pytest.mark.parametrize("name", ["mnist", "mnist-lstm", "cluttered-60"])
def test_unit_is_what_its_inputs_come_to(name: str) -> None:
    looked, weights = looked_at(name)
    layers, step = looked.inside.layers, 2
    inputs = {
        "what": ("glimpse_network.glimpse_encoder", looked.inside.patches[step].ravel()),
        "where": ("glimpse_network.location_encoder", looked.inside.locations[step]),
        "feature": ("glimpse_network.combine", np.concatenate([layers["what"][step], layers["where"][step]])),
    }
    for layer, (module, given) in inputs.items():
        for unit in (0, 5, int(layers[layer][step].argmax())):
            formula = explain(looked, step + 1, Item(layer, (unit,)))
            row, bias = weights[f"{module}.weight"][unit], weights[f"{module}.bias"][unit]
            total, result = numbers(formula.lines[2])
            assert total == pytest.approx(row @ given.astype(float) + bias, abs=3e-4)
            assert result == near(max(total, 0))
            check_products(formula, row, given.astype(float))


def test_unit_of_the_simple_core_adds_memory_and_glimpse() -> None:
    looked, weights = looked_at("mnist")
    layers, step, unit = looked.inside.layers, 3, 17
    formula = explain(looked, step + 1, Item("hidden", (unit,)))
    memory = weights["core_network.hidden_linear.weight"][unit] @ layers["hidden"][step - 1].astype(float)
    glimpse = weights["core_network.input_linear.weight"][unit] @ layers["feature"][step].astype(float)
    bias = weights["core_network.hidden_linear.bias"][unit] + weights["core_network.input_linear.bias"][unit]
    assert numbers(formula.lines[1]) == [near(memory), near(glimpse), near(bias)]
    assert last_number(formula) == near(max(memory + glimpse + bias, 0)) == near(layers["hidden"][step, unit])
    before = explain(looked, step + 2, Item("before", (unit,)))
    assert before == formula
    assert "It is 0" in explain(looked, 1, Item("before", (unit,))).sentence


def test_unit_of_the_lstm_is_let_through_by_its_gates() -> None:
    looked, weights = looked_at("mnist-lstm")
    layers, name, step, unit = looked.inside.layers, "core_network.lstm", 3, 17
    sums = weights[f"{name}.weight_ih_l0"] @ layers["feature"][step].astype(float) + weights[f"{name}.bias_ih_l0"]
    sums += weights[f"{name}.weight_hh_l0"] @ layers["hidden"][step - 1].astype(float) + weights[f"{name}.bias_hh_l0"]
    enter, keep, new, out = sums.reshape(4, 256)[:, unit]
    cell = sigmoid(keep) * layers["cell"][step - 1, unit] + sigmoid(enter) * np.tanh(new)
    of_cell, of_hidden = (explain(looked, step + 1, Item(layer, (unit,))) for layer in ("cell", "hidden"))
    assert last_number(of_cell) == near(cell)
    assert last_number(of_hidden) == near(sigmoid(out) * np.tanh(cell))
    assert of_cell.table is not None
    found = [numbers(" ".join(row[2:])) for row in of_cell.table.rows]
    assert np.array(found)[:, 0] == pytest.approx([enter, keep, new, out], abs=5e-4)
    assert np.array(found)[:, 1] == pytest.approx([sigmoid(enter), sigmoid(keep), np.tanh(new), sigmoid(out)], abs=2e-4)


def test_value_that_was_fitted_is_no_baseline_any_more() -> None:
    looked, _ = looked_at("mnist")
    assert explain(looked, 1, Item("value")).note.startswith("It is the baseline of REINFORCE")
    fitted = explain(looked._replace(value_fitted=True), 1, Item("value")).note
    assert "Afterwards it was fitted to right answers" in fitted


def test_unit_without_weights_is_told_to_be_dead() -> None:
    looked, weights = looked_at("mnist")
    rows = np.abs(weights["glimpse_network.location_encoder.weight"]).max(axis=1)
    largest = np.maximum(rows, np.abs(weights["glimpse_network.location_encoder.bias"]))
    sentences = [explain(looked, 1, Item("where", (unit,))).sentence for unit in range(len(largest))]
    assert ["whatever the model sees" in sentence for sentence in sentences] == [*(largest < 0.00005)]
    assert 0 < sum(largest < 0.00005) < len(largest)


@pytest.mark.parametrize("text", ["", "value:", "class:x", "class:-1", "class:99999", "a b", "pixel:1:2:3;", "é:²"])
def test_text_that_names_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no number"):
        parse_item(text)


@pytest.mark.parametrize(
    "item", ["class", "class:10", "class:1:2", "pixel:1:0:0", "what:128", "hidden", "cell:0", "image:1", "before:256"]
)
def test_number_that_the_look_does_not_have_is_refused(item: str) -> None:
    looked, _ = looked_at("mnist")
    with pytest.raises(ValueError, match="the look has no"):
        explain(looked, 1, parse_item(item))
    for glimpse in (0, 7):
        with pytest.raises(ValueError, match="the look has no"):
            explain(looked, glimpse, Item("value"))


def test_numbers_are_written_as_in_a_book() -> None:
    assert (tex(-0.00001), tex(-1.5), plain(-1.5, 1)) == ("0.0000", "-1.5000", "−1.5")
    assert plus(1, -2, 3) == "1.0000 - 2.0000 + 3.0000"
    assert [power_of_e(number) for number in (1.5, 1.5e-7, 2.5e8)] == [
        "1.5000",
        r"1.5000\times 10^{-7}",
        r"2.5000\times 10^{8}",
    ]
    found = products(np.array([1.0, -3.0, 2.0]), np.array([1.0, 1.0, 0.0]), most=1)
    assert (found.most, found.shown, found.rest) == ((1,), -3, 1)


def test_names_of_classes_are_never_taken_for_latex_or_html() -> None:
    looked, _ = looked_at("mnist")
    names = (r"\input{x}", "$&%#_^", "<b>", *CLASSES[3:])
    for index in range(3):
        formula = explain(looked._replace(classes=names), 6, Item("class", (index,)))
        assert names[index] not in "".join(formula.lines)
        assert formula.table is not None
        assert "<b>" not in table_in_html(formula.table)
    assert aligned(("a = b", "= c = d")) == r"\begin{aligned} a &= b \\[0.5em] &= c = d \end{aligned}"
