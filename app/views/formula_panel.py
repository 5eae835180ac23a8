"""A formula with its numbers on the page: in words, in KaTeX as Streamlit brings it, and as a table."""

from __future__ import annotations

import html

import streamlit as st

from app.look.formula import Formula, Table


def show(formula: Formula, *, key: str) -> None:
    """Draws a formula, in a container of that key; style.css gives `.formula` its form."""
    with st.container(key=f"formula_{key}", gap="small"):
        _show(formula)


def _show(formula: Formula) -> None:
    note = f"<p class='note'>{html.escape(formula.note)}</p>" if formula.note else ""
    st.html(f"<div class='formula'><h3>{html.escape(formula.title)}</h3><p>{html.escape(formula.sentence)}</p></div>")
    left, right = (st.container(),) * 2 if formula.table is None else st.columns(2, gap="medium")
    with left:
        # KaTeX writes MathML beside what one sees, which screen readers read.
        st.markdown(f"$$\n{aligned(formula.lines)}\n$$")
    with right:
        st.html(f"<div class='formula'>{'' if formula.table is None else table_in_html(formula.table)}{note}</div>")


def aligned(lines: tuple[str, ...]) -> str:
    """Lines of LaTeX below each other, each aligned at its first equals sign."""
    below = r" \\[0.5em] ".join(line.replace("=", "&=", 1) for line in lines)
    return rf"\begin{{aligned}} {below} \end{{aligned}}"


def table_in_html(table: Table) -> str:
    """A table that scrolls by itself where it is too wide."""
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" if name else "<td></td>" for name in table.head)
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(row[0])}</th>"
        f"{''.join(f'<td>{html.escape(cell)}</td>' for cell in row[1:])}</tr>"
        for row in table.rows
    )
    caption = html.escape(table.caption)
    return (
        f"<div class='scrolls' tabindex='0' role='group' aria-label='{caption}'><table><caption>{caption}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
