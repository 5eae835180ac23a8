"""The session in its URL: read once when it begins, written after every run.

The server is the only writer. (Widgets that write their own part of the URL and `st.query_params` race: each sends
the whole query as it knew it, and a setting that was just made gets lost.)
"""

from __future__ import annotations

import streamlit as st

from app.session import settings, widgets

LINKS = ("sample", "picture", "drawings")  # a test digit, and what is kept on the server's shelves, by name


def read(page: str = "") -> None:
    """Gives every setting its value before the widgets of this page are made.

    A new session takes them from the URL and ignores values that are not possible. In later runs, settings
    that Streamlit forgot because their page was left get their values back.
    """
    state = st.session_state
    is_other_page = state.get("read_page") != page
    state.read_page = page
    is_new_page = state.get("drawn_page") != page
    if is_new_page:
        state.drawn_page = None
    known = state.get("known_settings", {})
    # From the first run on, whichever page it is for: the pages that need them may be opened much later.
    state.setdefault("links", {name: st.query_params.get(name, "") for name in LINKS})
    # Kept for `write`, which each drawing calls: the list of models is read from the disk.
    state.settings_in_address = settings.in_address()
    for key, setting in state.settings_in_address.items():
        if key not in known:
            try:
                known[key] = setting.parse(st.query_params[setting.name or key])
            except (KeyError, ValueError):
                known[key] = setting.default
        if key not in state or is_other_page:
            # With a page that was left go its widgets' values, and what they had been given at first comes back.
            state[key] = known[key]
        elif is_new_page:
            # The browser hears only of values that were given in the same run: without this, it would send those that
            # its new widgets begin with. An earlier run may have given them, and been cut short by a click.
            state[key] = state[key]
        if not setting.is_possible(state[key]):
            # A run was deleted, perhaps in another tab: a session that used it goes on with the default.
            state[key] = setting.default
        known[key] = state[key]
    state.known_settings = known


def keep() -> None:
    """Keeps all settings as they are now, for the page that comes next."""
    state = st.session_state
    known, read = state.known_settings, settings.already_read()
    if read is None:
        state.known_settings = {key: state.get(key, value) for key, value in known.items()}
    else:  # those of other pages have not changed
        state.known_settings = known | vars(read)


def put_back(key: str) -> None:
    """The `on_change` of a widget to which the server, too, gives values.

    A fragment that draws itself anew may say what the widget had before the server gave it something else, which the
    browser has not drawn yet. What the user chooses comes with a run of the whole page.
    """
    if widgets.comes_from_a_fragment():
        st.session_state[key] = st.session_state.known_settings[key]


def note_drawn(page: str) -> None:
    """Notes that a page is there as a whole: from now on, the browser's widgets know their values."""
    st.session_state.drawn_page = page


def write(page: str) -> None:
    """Puts all settings that are not the default, and the links, into the URL of this page."""
    keep()
    state = st.session_state
    known = state.known_settings
    query = {
        setting.name or key: f"{known[key]:g}" if isinstance(setting.default, float) else f"{known[key]}"
        for key, setting in state.settings_in_address.items()
        if known[key] != setting.default and setting.page in (None, page)
    }
    query |= {name: value for name, value in state.links.items() if value}
    # The browser's query, as this run knows it, may be older than what was written last.
    if query != st.query_params.to_dict() or query != state.get("written_query"):
        st.query_params.from_dict(query)
        state.written_query = query


def link(name: str) -> str:
    """What the URL names as one of the `LINKS`; empty if nothing."""
    links: dict[str, str] = st.session_state.get("links", {})
    return links.get(name, "")


def set_link(**links: str) -> None:
    """Names something in the URL, or, with an empty text, no longer."""
    st.session_state.links = {**st.session_state.get("links", {}), **links}
