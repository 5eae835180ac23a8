"""Words that somebody typed, where Streamlit expects Markdown."""

from __future__ import annotations

_MARKS = set("\\`*_{}[]()#+-.!|~$:<>")


def plain_text(text: str) -> str:
    """Markdown that shows this text as it is."""
    return "".join(f"\\{letter}" if letter in _MARKS else letter for letter in text)
