"""What a page says about the last action."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.session.messages import plain_text


def _page() -> None:
    """A page that shows its message for one run, beside another page's."""
    import streamlit as st

    from app.session import messages
    from app.session.messages import Message

    st.button("say", key="say", on_click=messages.say, args=("here", Message("Done.", "top")))
    st.button("say elsewhere", key="elsewhere", on_click=messages.say, args=("there", Message("Refused.")))
    st.button("forget", key="forget", on_click=messages.forget, args=("there",))
    assert messages.take("here", "bottom") is None
    for message in (messages.take("here", "top"), messages.read("there")):
        st.text("" if message is None else message.text)


def test_message_is_taken_once_and_read_until_it_is_forgotten() -> None:
    page = AppTest.from_function(_page).run()
    seen = []
    for key in ("say", "elsewhere", "say", "forget"):
        page.button(key=key).click().run()
        assert not page.exception
        seen.append([text.value for text in page.text])
    assert seen == [["Done.", ""], ["", "Refused."], ["Done.", "Refused."], ["", ""]]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Class 7b", "Class 7b"),
        ("*cat*", r"\*cat\*"),
        ("1. <b>", r"1\. \<b\>"),
        ("a & b", r"a \& b"),
        ("\\", "\\\\"),
        ("_a_ of snake_case", r"\_a\_ of snake_case"),
        ("config.json is damaged: it ends.", "config.json is damaged: it ends."),
        ("[x](https://www.a.b)", r"\[x\](https\://www\.a.b)"),
        (":material/info: and :red[x]", r"\:material/info: and \:red\[x\]"),
        ("# one\n# two", r"\# one # two"),
        ("1990) years", r"1990\) years"),
        ("ab" * 1000, f"{'ab' * 100} … {'ab' * 100}"),
    ],
)
def test_typed_text_is_no_markdown(text: str, markdown: str) -> None:
    assert plain_text(text) == markdown
