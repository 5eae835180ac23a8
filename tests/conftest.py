"""Every test run checks the shapes and types in the signatures of `ram` at each call."""

from pathlib import Path

from jaxtyping import install_import_hook

# Not config.py: its classes check their own values, untrusted ones among them, with errors that tests pin.
checked = [
    f"ram.{path.stem}"  # a wing stands for all of its modules
    for path in (Path(__file__).parents[1] / "ram").iterdir()
    if not path.stem.startswith("__") and path.stem != "config"
]
install_import_hook(checked, "beartype.beartype")
