import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = {"streamlit", "plotly", "app"}


def imported_packages(source: str) -> set[str]:
    """First words of everything that a module imports, at its top or inside its functions."""
    packages = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            packages |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            packages.add("." if node.level else (node.module or "").split(".")[0])
    return packages


def test_import_search_sees_every_form_of_import() -> None:
    source = "import streamlit as st\nfrom plotly.graph_objects import Figure\ndef f():\n    from app import jobs\n"
    assert imported_packages(source) == FORBIDDEN


@pytest.mark.parametrize("path", sorted((ROOT / "ram").rglob("*.py")), ids=lambda path: path.name)
def test_module_of_ram_knows_nothing_of_the_app(path: Path) -> None:
    assert not imported_packages(path.read_text()) & FORBIDDEN


def test_importing_all_of_ram_loads_nothing_of_the_app() -> None:
    paths = (path.relative_to(ROOT).with_suffix("") for path in (ROOT / "ram").rglob("[!_]*.py"))
    modules = sorted(".".join(path.parts) for path in paths)
    script = f"import sys, {', '.join(modules)}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"ram", "torch"} <= loaded
    assert not loaded & FORBIDDEN
