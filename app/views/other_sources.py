"""The other ways to a picture, beside the canvas: MNIST's test digits and an uploaded image."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from app.look.hardest import HARDEST_OF, hardest_digits
from app.look.sources import uploaded_picture
from app.look.uploads import UploadError
from app.server.limits import read_limits
from app.server.models import test_digits
from app.session import messages, picture, settings, widgets
from app.session.messages import Message, plain_text
from app.session.settings import DIGIT_KINDS
from app.views import digits_view
from ram.data.mnist import DataError

GALLERY, UPLOAD = "gallery", "upload"


def show() -> None:
    """Draws the gallery and the upload."""
    shown = picture.sources_show()
    picture.note_sources(shown)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Test digits",
            DIGIT_KINDS,
            key="digits",
            width=140,
            help="Hardest: those whose right class this model thinks least likely, looking first at the centre; in a "
            f"larger field, of the first {HARDEST_OF:,}, or of fewer where a look takes long.",
        )
        digits_view.show_others()
    _show_gallery(shown.test_digit)
    if shown.message is not None:
        st.warning(plain_text(shown.message.text), icon=":material/image_not_supported:")
    with st.popover("Upload an image", icon=":material/upload:"):
        largest = read_limits().largest_image
        st.file_uploader(
            f"PNG or JPEG, at most {largest:g} MB; dark on light or light on dark",
            type=["png", "jpg", "jpeg", "jfif"],
            max_upload_size=math.ceil(largest),
            key=UPLOAD,
            on_change=_take_upload,
        )


def _show_gallery(chosen: int | None) -> None:
    try:
        digits_view.show(digits_view.on_page(_order()), chosen, key=GALLERY, on_take=digits_view.take)
    except (ValueError, DataError) as error:  # a CheckpointError, too
        st.warning(f"No test digits: {plain_text(str(error))}.", icon=":material/image_not_supported:")


def _order() -> npt.NDArray[np.int64]:
    """The positions of the test digits that the user wants to see."""
    now, labels = settings.current(), test_digits().labels.numpy()
    if now.digits == "hardest":
        return hardest_digits(now.model or "")
    order = np.random.default_rng(0).permutation(len(labels))
    return order[labels[order] == int(now.digits)] if now.digits.isdecimal() else order


def _take_upload() -> None:
    file = widgets.value(UPLOAD)
    if file is None:
        return
    try:
        picture.show_where_it_lay(uploaded_picture(file.getvalue()))
    except UploadError as error:
        messages.say(picture.PAGE, Message(str(error), is_problem=True))
