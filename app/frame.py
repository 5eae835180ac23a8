"""The page frame and the navigation: what runs for each visitor."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.pages import pages
from app.session import address

st.set_page_config(page_title="Glimpse Playground", page_icon="👁️", layout="wide")
st.html(Path(__file__).with_name("style.css"))

address.read()
page = st.navigation([*pages().values()], position="top")
page.run()
address.write(page.url_path)

# By now PyTorch is there. Whichever page is opened first, the runs that wait on this server go on.
from app.runs.jobs import jobs  # noqa: E402

jobs()
