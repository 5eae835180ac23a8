"""The classes to keep a drawing as, the drawings that are kept, and what can be done with them."""

from __future__ import annotations

import functools
import html

import streamlit as st

from app.components.classes import class_buttons
from app.components.gallery import digit_gallery
from app.server.downloads import File
from app.server.limits import LARGEST_COLLECTION
from app.session import drawings, label_canvas, messages, pages, recipe, widgets
from app.session.drawings import Place, count_drawings
from app.session.messages import Message, plain_text
from app.views import download
from ram.data.collection import LONGEST_NAME, Collection, collection_bytes

INVITATION = "Draw a digit and say what it is. With about ten of each class a model can be fine-tuned on your hand."
FILE_NAME = "my-drawings.safetensors"
CLASS_BUTTONS = "class_buttons"


def show_classes(collection: Collection) -> None:
    """A button for each class."""
    class_buttons(
        collection.classes,
        collection.counts,
        label="Keep it as",
        pad=label_canvas.CANVAS.key,
        heard=label_canvas.heard(),
        key=CLASS_BUTTONS,
        on_press=_press,
    )
    with st.container(key="canvas_note"):
        _say("canvas", "Press a class, or its key 0 to 9.")


def _press() -> None:
    drawings.keep(widgets.sent(CLASS_BUTTONS, "presses"))


def show_set(collection: Collection) -> None:
    """All drawings, a row for each class."""
    st.html("<h2>What is kept</h2>")
    _summary(collection)
    with st.container(key="set_note"):
        _chosen_bar(collection)
    marked = collection.held_back.tolist()
    width = 12 + 9 * max(map(len, collection.classes))
    for label, name in enumerate(collection.classes):
        positions = (collection.digits.labels == label).nonzero().squeeze(dim=1).tolist()
        if positions:
            with st.container(key=f"kept_row_{label}", horizontal=True):
                st.text(name, width=width)
                _show_class(collection, positions, name, [marked[position] for position in positions], label)


def _summary(collection: Collection) -> None:
    count, held_back = len(collection.digits.labels), int(collection.held_back.sum())
    if count:
        st.caption(
            f"{count_drawings(count)}. Every fourth drawing of a class is held back for measuring: {held_back} so far"
            + (", marked with a dot." if held_back else ".")
        )
    else:
        ghosts = "".join(f"<span>{html.escape(name[:2])}</span>" for name in collection.classes)
        st.html(f"<p class='invitation'>{INVITATION}</p><div class='ghosts' aria-hidden='true'>{ghosts}</div>")


def _show_class(collection: Collection, positions: list[int], name: str, marked: list[bool], label: int) -> None:
    digit_gallery(
        collection.digits.images[positions].numpy(),
        keys=positions,
        names=[
            f"{name}, drawing {number} of {len(positions)}{', held back' if held_back else ''}"
            for number, held_back in enumerate(marked, 1)
        ],
        chosen=drawings.chosen(),
        label=f"Drawings kept as {name}",
        key=f"kept_{label}",
        on_pick=functools.partial(_pick, f"kept_{label}"),
        marked=marked,
        dense=True,
    )


def _pick(gallery: str) -> None:
    if (pick := widgets.sent_position(gallery, "pick", len(drawings.current_collection().digits.labels))) is not None:
        drawings.choose(pick)


def _chosen_bar(collection: Collection) -> None:
    position = drawings.chosen()
    if position is None:
        _say("set", "Pick a drawing to remove it." if len(collection.digits.labels) else "")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        name = collection.classes[int(collection.digits.labels[position])]
        st.text(f"A drawing of {name} is chosen.", width="content")
        st.button("Remove it", on_click=drawings.remove_chosen, icon=":material/delete:", key="remove_chosen")


def show_more(collection: Collection) -> None:
    """What can be done with the whole set: train with it, keep it as a file, and name its classes."""
    is_empty = not len(collection.digits.labels)
    if not is_empty and st.button(
        "Fine-tune a model on these", icon=":material/model_training:", type="primary", key="fine-tune"
    ):
        recipe.take_own_drawings()
        pages.go_to("train")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _files(collection, is_empty=is_empty)
    _say("file", "")
    with st.expander("Own symbols", icon=":material/edit:"):
        _names(collection)


def _files(collection: Collection, *, is_empty: bool) -> None:
    file = File(FILE_NAME, "application/octet-stream", functools.partial(collection_bytes, collection))
    download.show("Download", None if is_empty else file, key="drawings")
    with st.popover("Add a file", icon=":material/upload:", key=widgets.numbered("add_file")):
        key = widgets.numbered("drawings_file")
        st.file_uploader(
            f"A file that was downloaded here ({FILE_NAME}), at most {LARGEST_COLLECTION} MB",
            type=["safetensors"],
            max_upload_size=LARGEST_COLLECTION,
            key=key,
            on_change=_take_file,
            args=(key,),
        )
    st.button(
        "Remove all", key="remove_all", on_click=drawings.remove_all, icon=":material/delete_sweep:", disabled=is_empty
    )


def _take_file(key: str) -> None:
    file = widgets.value(key)
    if file is not None:
        drawings.add_file(file.getvalue())
        # The dialog becomes a new one: it closes, and takes the same file again.
        widgets.renew("add_file")
        widgets.renew("drawings_file")


def _names(collection: Collection) -> None:
    st.markdown(
        "Draw something other than digits: give a class another name, such as *cat*. It then replaces its digit, "
        "and the digit's own images are no longer used in training."
    )
    fill = drawings.fill_name_fields()
    with st.container(key="class_names"):
        for label, name in enumerate(collection.classes):
            key = _name_key(label)
            if fill or not widgets.has_value(key):
                widgets.put(key, name)
            st.text_input(f"Class {label}", widgets.value(key), max_chars=LONGEST_NAME, key=key, on_change=_rename)
    _say("names", "")


def _rename() -> None:
    names = list(drawings.current_collection().classes)
    for label, key in enumerate(map(_name_key, range(len(names)))):
        if widgets.has_value(key):
            names[label] = widgets.value(key)
    drawings.rename(names)


def _name_key(label: int) -> str:
    return f"class_name_{label}"


def _say(place: Place, otherwise: str) -> None:
    """What was done last at this place, with the way back; or what can be done."""
    message = messages.read(drawings.PAGE)
    if message is not None and message.place == place:
        _show_message(message)
    elif otherwise:
        st.caption(otherwise)


def _show_message(message: Message) -> None:
    if message.is_problem and message.place == "canvas":
        st.markdown(f":material/info: {plain_text(message.text)}")
        return
    if message.is_problem:
        st.warning(plain_text(message.text), icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="center", key="note"):
        st.text(message.text, width="content")
        if message.can_be_undone:
            st.button("Take back", key="take_back", on_click=drawings.undo_change, icon=":material/undo:")
