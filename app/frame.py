"""The page frame and the navigation: what runs for each visitor."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.server.one_at_a_time import PATIENCE_S, turn
from app.server.pytorch import is_warm
from app.session import address, pages
from app.views import draw, learning, model_card, my_drawings, train

# An eye, as Streamlit draws an emoji. To recognise one, it would first compile a pattern of them all, for 35 ms.
EYE = "<text y='.9em' font-size='90'>&%23x1F441;&%23xFE0F;</text>"
ICON = f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'>{EYE}</svg>"
st.set_page_config(page_title="Glimpse Playground", page_icon=ICON, layout="wide")
st.html(Path(__file__).with_name("style.css"))

every = {
    "draw": st.Page(draw.show, title="Draw", icon=":material/draw:", url_path="draw", default=True),
    "train": st.Page(train.show, title="Train", icon=":material/model_training:", url_path="train"),
    "learning": st.Page(learning.show, title="Learning", icon=":material/biotech:", url_path="learning"),
    "drawings": st.Page(my_drawings.show, title="My drawings", icon=":material/gesture:", url_path="drawings"),
    "model": st.Page(model_card.show, title="Model", icon=":material/account_tree:", url_path="model"),
}
page = st.navigation([*every.values()], position="top")
name = next(name for name, one in every.items() if one is page)
address.read(name)
pages.register(every)
# Who comes while PyTorch is imported does not wait for somebody who waits for it.
with turn(PATIENCE_S if is_warm() else 0):
    page.run()
address.write(name)
address.note_drawn(name)

# By now PyTorch is there. Whichever page is opened first, the runs that wait on this server go on.
from app.runs.jobs import jobs  # noqa: E402

jobs()
