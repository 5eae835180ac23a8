"""The order in the house: which module may import which."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {  # from the lowest to the highest; what stands on none of them stands on top of all
    "app": [["server"], ["look"], ["runs"], ["session"], ["figures"], ["components"], ["views"]],
    "ram": [
        ["config", "options", "earlier_names", "machine", "files"],
        ["model"],
        ["data"],
        [
            "digit_check",
            "checkpoints",
            "evaluation",
            "calibration",
            "value_fit",
            "digit_check_fit",
            "controls",
            "presets",
            "recordings",
        ],
        ["training"],
        ["train", "record", "evaluate", "benchmark"],
    ],
}
NOT_FOR_RAM = {"streamlit", "plotly", "app"}
PAGES = ["draw", "train", "learning", "my_drawings", "model_card"]


def modules(package: str) -> dict[str, Path]:
    """Every module of a package by its full name; a package's own module bears the package's name."""
    paths = sorted((ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports(source: str) -> Iterator[str]:
    """Full names of everything that a module imports, at its top, inside functions or for type checkers only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports are not used here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(source: str, known: dict[str, Path]) -> set[str]:
    """Those of the known modules that a module imports: itself, or a name from it."""
    return {
        name if name in known else name.rpartition(".")[0]
        for name in imports(source)
        if name in known or name.rpartition(".")[0] in known
    }


def floor(module: str) -> int:
    """How high a module stands."""
    package, _, rest = module.partition(".")
    floors = FLOORS[package]
    return next((height for height, names in enumerate(floors) if rest.split(".")[0] in names), len(floors))


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """The modules that are left when those that import none of the others are taken away, again and again."""
    left = {module: targets - {module} for module, targets in arrows.items()}
    while free := {module for module, targets in left.items() if not targets}:
        left = {module: targets - free for module, targets in left.items() if module not in free}
    return sorted(left)


def test_import_search_sees_every_form_of_import() -> None:
    source = "import a.b as c\nfrom d.e import f\ndef g():\n    from h import i\nif TYPE_CHECKING:\n    import j\n"
    assert set(imports(source)) == {"a.b", "d.e.f", "h.i", "j"}
    known = {name: Path() for name in ("a.b", "d.e", "h.i", "k")}
    assert imported_modules(source, known) == {"a.b", "d.e", "h.i"}


def test_circle_search_finds_a_circle_and_what_leads_to_it() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("package", ["app", "ram"])
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    known = modules(package)
    # A package's own module only gathers names of its modules for others.
    inner = {name: path for name, path in known.items() if path.name != "__init__.py" or package == "app"}
    assert len(inner) > 20
    arrows = {name: imported_modules(path.read_text(encoding="utf-8"), inner) for name, path in inner.items()}
    assert circle(arrows) == []


def test_nobody_imports_a_part_of_a_package_that_imports_it_by_itself() -> None:
    """A thread that imports the part and one that imports the package would wait for each other: Python fails one.

    The server imports beside its first visitors.
    """
    known = modules("app") | modules("ram")
    gathered = {
        f"{name}."
        for name, path in known.items()
        if path.name == "__init__.py" and any(part.startswith(f"{name}.") for part in imported_at_once(path))
    }
    assert gathered == {"ram.model."}
    reached_into = [
        f"{name} → {part}"
        for name, path in known.items()
        for part in sorted(imported_modules(path.read_text(encoding="utf-8"), known))
        if part.startswith(tuple(gathered)) and not f"{name}.".startswith(tuple(gathered))
    ]
    assert reached_into == []


def imported_at_once(path: Path) -> Iterator[str]:
    """Full names of what a module imports as soon as it is imported itself."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imports(ast.unparse(node))


@pytest.mark.parametrize("package", ["app", "ram"])
def test_modules_import_from_their_own_floor_or_a_lower_one(package: str) -> None:
    known = modules(package)
    upward = [
        f"{name} → {other}"
        for name, path in known.items()
        for other in sorted(imported_modules(path.read_text(encoding="utf-8"), known) - {package})
        if floor(other) > floor(name)
    ]
    assert upward == []


def test_everything_has_its_floor() -> None:
    folders = {name.rpartition(".")[0] for package in FLOORS for name in modules(package) if name.count(".") > 1}
    files = {name for name in modules("ram") if name.count(".") == 1}
    standing = {f"{package}.{name}" for package, floors in FLOORS.items() for names in floors for name in names}
    assert folders | files <= standing


@pytest.mark.parametrize(("name", "path"), modules("ram").items(), ids=lambda value: str(value).rpartition("/")[2])
def test_module_of_ram_knows_nothing_of_the_app(name: str, path: Path) -> None:
    packages = {imported.split(".")[0] for imported in imports(path.read_text(encoding="utf-8"))}
    assert not packages & NOT_FOR_RAM, name


def test_importing_all_of_ram_loads_nothing_of_the_app() -> None:
    names = [name for name in modules("ram") if not name.endswith("__main__")]
    loaded = loaded_by(f"import {', '.join(names)}")
    assert {"ram", "torch"} <= loaded
    assert not loaded & NOT_FOR_RAM


def test_page_frames_are_imported_without_pytorch() -> None:
    frames = ", ".join(f"app.views.{page}" for page in PAGES)
    loaded = loaded_by(f"import app.session.address, {frames}")
    assert {"app", "streamlit", "numpy"} <= loaded
    assert not loaded & {"torch", "ram"}


def test_reader_of_uploads_starts_without_pytorch_and_streamlit() -> None:
    loaded = loaded_by("import app.look.digit_reader")
    assert {"app", "ram", "numpy", "PIL"} <= loaded
    assert not loaded & {"torch", "streamlit", "pandas"}


def loaded_by(statement: str) -> set[str]:
    """Top-level packages that a statement imports in a fresh Python."""
    script = f"{statement}; import sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return set(done.stdout.split())


def test_only_the_pages_import_inside_functions() -> None:
    late = {
        name: len(found)
        for name, path in (modules("app") | modules("ram")).items()
        if (found := list(imports_inside_functions(path.read_text(encoding="utf-8"))))
    }
    assert set(late) == {f"app.views.{page}" for page in PAGES}
    assert sum(late.values()) < 12


def imports_inside_functions(source: str) -> Iterator[ast.AST]:
    """Each statement that imports when a function runs."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            yield from (node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))


def test_root_of_the_app_holds_few_files() -> None:
    files = [path.name for path in (ROOT / "app").iterdir() if path.suffix]
    assert len(files) <= 6, files


# ---- text is UTF-8 ----

TEXT_MODE = re.compile(r"[rwax][t+]*")


def texts_without_encoding(source: str) -> Iterator[int]:
    """The lines of calls that read or write text in the locale's encoding."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        modes = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        opens = method == "open" and len(modes) == 1 and TEXT_MODE.fullmatch(modes[0])
        if "encoding" not in named and (method in ("read_text", "write_text") or opens or is_true(named.get("text"))):
            yield call.lineno


def is_true(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def test_search_for_encodings_sees_every_form() -> None:
    wrong = "a.read_text()\na.write_text(b)\na.open('w')\nrun(c, text=True)\n"
    right = "a.read_text(encoding='utf-8')\na.open('rb')\npage.open('?x')\nrun(c, encoding='utf-8')\n"
    assert list(texts_without_encoding(wrong + right)) == [1, 2, 3, 4]


def test_text_is_utf8_whatever_the_locale() -> None:
    files = [path for folder in ("app", "ram", "tests") for path in (ROOT / folder).rglob("*.py")]
    found = [f"{path}:{line}" for path in files for line in texts_without_encoding(path.read_text(encoding="utf-8"))]
    assert found == []


# ---- the session's state ----


def session_keys(source: str) -> Iterator[str]:
    """Every key that a module names: `st.session_state.key`, or of a variable that was set to it."""
    tree = ast.parse(source)
    names = {"session_state"}
    for node in ast.walk(tree):
        pairs = []
        if isinstance(node, ast.Assign):
            targets, value = node.targets[0], node.value
            if isinstance(targets, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(targets.elts, value.elts, strict=True))
            else:
                pairs = [(targets, value)]
        names |= {
            target.id
            for target, value in pairs
            if isinstance(target, ast.Name) and isinstance(value, ast.Attribute) and value.attr == "session_state"
        }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (owner := node.value):
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if name in names and node.attr not in ("get", "setdefault", "pop", "items"):
                yield node.attr


def test_key_search_sees_every_form() -> None:
    source = "st.session_state.a = 1\nstate = st.session_state\nstate.b\nx, y = st.session_state, 2\nx.c\ny.d\n"
    assert set(session_keys(source)) == {"a", "b", "c"}


def test_only_the_session_wing_touches_the_state_of_a_session() -> None:
    touching = {name for name, path in modules("app").items() if "session_state" in path.read_text(encoding="utf-8")}
    outside = {name for name in touching if not name.startswith("app.session.")}
    # A component's documentation may name it.
    assert {name for name in outside if list(session_keys(modules("app")[name].read_text(encoding="utf-8")))} == set()


def test_every_key_of_the_state_has_one_owner() -> None:
    owners: dict[str, set[str]] = {}
    for name, path in modules("app").items():
        for key in session_keys(path.read_text(encoding="utf-8")):
            owners.setdefault(key, set()).add(name)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}
    assert owners["place_seed"] == {"app.session.settings"}
