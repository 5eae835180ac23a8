"""What of a look the user wants to know more about."""

from streamlit.testing.v1 import AppTest

from app.session.inside import Asked


def page() -> None:
    from app.session import inside
    from app.session.inside import Asked

    inside.follow(Asked(3, "value"))


def test_what_follows_the_gaze_opens_nothing_that_was_closed_and_replaces_no_other_question() -> None:
    app = AppTest.from_function(page)
    for before, after in (
        (None, None),
        (Asked(2, "value"), Asked(3, "value")),
        (Asked(2, "class:5"), Asked(2, "class:5")),
    ):
        app.session_state["inside_asked"] = before
        assert app.run().session_state["inside_asked"] == after
