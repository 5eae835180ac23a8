"""docs/numbers.md names sources and tests that exist, and leaves out no chart and no large figure of the pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.figures import curves
from app.figures.chart import Figure
from app.look.rewards import WORDS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/numbers.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.partition("\n## Computed")[0].splitlines()
    if line.startswith("| ") and not line.startswith(("| on the page", "| in the text"))
]
METRIC = re.compile(r'\.metric\(\s*"([^"]+)"')


def python_names(tree: ast.AST, before: str = "") -> Iterator[str]:
    """Full names of all functions, classes, fields and constants of a module."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield before + name
                if isinstance(node, ast.ClassDef):
                    yield from python_names(node, f"{before}{name}.")
            case ast.Assign(targets=targets):
                yield from (
                    before + name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
                )
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield before + name


def names_in(path: Path) -> set[str]:
    """What a module defines; of JavaScript every word that it uses."""
    source = path.read_text(encoding="utf-8")
    return set(python_names(ast.parse(source))) if path.suffix == ".py" else set(re.findall(r"\w+", source))


def known_tests() -> set[str]:
    """Names of the tests in Python, and titles of those in JavaScript."""
    python = (
        re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
        for path in (ROOT / "tests").rglob("test_*.py")
    )
    script = (
        re.findall(r'^test\("([^"]+)"', path.read_text(encoding="utf-8"), re.M)
        for path in (ROOT / "tests/js").glob("*.test.js")
    )
    return {name for names in (*python, *script) for name in names}


def wrong_sources(cell: str) -> list[str]:
    """The sources in a cell that do not exist; the cell itself if it names none."""
    named = re.findall(r"`([^`:]+):([^`]+)`", cell)
    wrong = [
        f"{path}:{name}" for path, name in named if not (ROOT / path).is_file() or name not in names_in(ROOT / path)
    ]
    return wrong if named else [cell]


def missing_tests(cell: str, known: set[str]) -> list[str]:
    """The tests in a cell that do not exist; the cell itself if it names none."""
    named = re.findall(r'`(test_\w+)`|"([^"]+)"', cell)
    return [name or title for name, title in named if (name or title) not in known] if named else [cell]


def test_check_finds_what_does_not_exist() -> None:
    assert wrong_sources("`ram/value_fit.py:fit_value`, `app/look/scene.py:Scene.sureness`") == []
    assert wrong_sources("`ram/value_fit.py:fit_values`") == ["ram/value_fit.py:fit_values"]
    assert wrong_sources("`ram/gone.py:fit_value`") == ["ram/gone.py:fit_value"]
    assert wrong_sources("`app/components/browser/words.js:signe`") == ["app/components/browser/words.js:signe"]
    assert wrong_sources("the model") == ["the model"]
    assert missing_tests('`test_a`, "b c"', {"test_a"}) == ["b c"]
    assert missing_tests("by eye", {"test_a"}) == ["by eye"]


def test_every_row_names_a_definition_a_source_and_a_test() -> None:
    assert len(ROWS) > 50
    assert [row for row in ROWS if len(row) != 4 or not all(row)] == []


def test_every_source_exists() -> None:
    assert [wrong for row in ROWS for wrong in wrong_sources(row[2])] == []


def test_every_test_exists() -> None:
    known = known_tests()
    assert [wrong for row in ROWS for wrong in missing_tests(row[3], known)] == []


def test_every_thing_is_listed_once() -> None:
    named = [row[0] for row in ROWS]
    assert sorted(named) == sorted(set(named))


def charts() -> Iterator[Figure]:
    """All charts that the server makes, with both kinds of reward."""
    for reward in WORDS:
        runs = [curves.Curves("run", [], reward)]
        for figure in (curves.accuracy_figure, curves.reward_figure, curves.loss_figure, curves.spread_figure):
            yield figure(runs)


@pytest.mark.parametrize("figure", list(charts()), ids=lambda figure: figure.layout["title"]["text"])
def test_every_chart_and_axis_is_listed(figure: Figure) -> None:
    layout = figure.layout
    for words in (layout["title"]["text"], layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]):
        assert f'"{words}"' in TEXT


def test_every_large_figure_is_listed() -> None:
    labels = {
        label for path in (ROOT / "app").rglob("*.py") for label in METRIC.findall(path.read_text(encoding="utf-8"))
    }
    assert {"Parameters", "Calibration error", "Training time"} <= labels
    assert {label for label in labels if label not in TEXT} == set()
