"""What everybody asks about learning where to look, with a button that sets the microscope up to show the answer."""

from __future__ import annotations

import streamlit as st

from app.look.observing import first_choice, stages
from app.look.questions import QUESTIONS, USUAL, Question
from app.session import microscope
from app.views import digits_view


def show() -> None:
    """Draws the questions."""
    with st.container(key="learning_questions"):
        st.html("<h2>What everybody asks</h2>")
        with st.container(key="questions_grid"):
            for number, question in enumerate(QUESTIONS):
                with st.container(key=f"question_{number}"):
                    st.html(f"<h3>{question.asks}</h3><p>{question.answer}</p><p class='look'>{question.shows}</p>")
                    st.button(
                        "Show it",
                        key=f"show_{number}",
                        on_click=_set_up,
                        args=(question,),
                        icon=":material/biotech:",
                        help=question.asks,
                    )


def _set_up(question: Question) -> None:
    choices = stages()
    digits_view.take(question.digit)
    microscope.set_up(question.part, question.shows, stage=first_choice(choices), **{**USUAL, **question.settings})
    if question.steps:
        microscope.step(question.steps)
