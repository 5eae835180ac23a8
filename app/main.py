"""What `streamlit run` starts: the server. It imports PyTorch at once, so that nobody has to wait."""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
import threading
from collections.abc import AsyncIterator

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

from app.components import charts, files, pad, scripts, styles
from app.server.capacity import greet, raise_open_files, visitors_carried
from app.server.door import Door
from app.server.downloads import download_route
from app.server.files import Files, files_in
from app.server.limits import read_limits
from app.server.log import spare_the_disk
from app.server.shell import INDEX, base_path, routes, scripts_in_place
from app.server.sockets import send_at_once
from app.server.theme import read_theme_once

# Seconds after which Python switches threads. While one imports, the usual 5 ms would halve the page's speed.
BRIEF = 0.0002


@contextlib.asynccontextmanager
async def warm_up(_app: st.App) -> AsyncIterator[None]:
    """Imports PyTorch beside the server, which answers meanwhile."""
    send_at_once()
    read_theme_once()
    spare_the_disk()
    greet(limits, open_files)
    threading.Thread(target=_load, daemon=True).start()
    yield


def _load() -> None:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(BRIEF)
    # What is imported stays: to look for garbage in it, again and again, takes a fifth of the time.
    gc.disable()
    try:
        for module in ("app.look.looking", "app.look.hardest", "app.look.observing", "app.runs.jobs"):
            importlib.import_module(module)
        importlib.import_module("ram.machine").share_arenas()
    finally:
        gc.enable()
        sys.setswitchinterval(usual)


limits, open_files = read_limits(), raise_open_files()
# From the one file of limits: Streamlit's own settings would say something else as soon as either is changed.
config.set_option("server.maxUploadSize", limits.largest_upload)
config.set_option("server.maxWidgetStateSize", limits.largest_message)

door = Middleware(
    Door,
    visitors=visitors_carried(limits, open_files),
    hosts=limits.hosts,
    frames=limits.frames,
    scripts=scripts_in_place(),
)
parts = {**files(), **dict([pad.engine(), charts.library()])}
kept = Middleware(
    Files,
    files={
        **files_in(INDEX.with_name("static"), f"{base_path()}/static"),
        **{f"{base_path()}/{address}": file for address, file in parts.items()},
    },
    alone=f"{base_path()}/parts/",
)
components = {
    "draw": ["pad", "pad_tools", "viewer", "gets", "charts", "present", "gallery"],
    "drawings": ["pad", "pad_tools", "classes"],
    "train": ["learning"],
    "learning": ["microscope", "gradients", "gallery"],
}
early = {
    page: list(dict.fromkeys(file for name in names for file in (*scripts(name), *styles(name))))
    + ([pad.engine()[0]] if "pad" in names else [])
    for page, names in components.items()
}
everywhere = [*scripts("history"), *scripts("downloads")]
app = st.App(
    "frame.py",
    lifespan=warm_up,
    routes=[download_route(), *routes(early, everywhere)],
    middleware=[door, kept],
)
