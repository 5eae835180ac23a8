"""The Model page: what the chosen checkpoint is, how it was trained and how good it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import resources

if TYPE_CHECKING:
    from ram.checkpoints import CheckpointInfo
    from ram.model import RAM

# What each network is for, in the order in which a glimpse passes through them.
NETWORKS = {
    "glimpse_network": ("Glimpse network", "encodes what was seen and where"),
    "core_network": ("Core network", "carries the memory from glimpse to glimpse"),
    "location_network": ("Location network", "proposes where to look next"),
    "value_network": ("Value network", "estimates the expected reward"),
    "action_network": ("Action network", "classifies"),
}


def show() -> None:
    """Draws the page."""
    st.html('<h1 class="wordmark">The model</h1>')
    names = resources.model_labels()
    name = st.selectbox("Model", [*names], key="model", width=240, format_func=lambda name: names[name])
    place = st.empty()
    if not resources.is_warm():
        place.info("Waking the model. This takes a few seconds, once.", icon=":material/hourglass_top:")
    from ram.checkpoints import CheckpointError

    try:
        info, model = resources.model_info(name), resources.load_model(name)
    except (CheckpointError, ValueError) as error:
        place.error(f"{error}. Choose another model.", icon=":material/error:")
        return
    with place.container(gap="medium"):
        _figures(info, model)
        _architecture(model)
        _recipe(info)


def _figures(info: CheckpointInfo, model: RAM) -> None:
    with st.container(horizontal=True, gap="medium"):
        st.metric("Parameters", f"{sum(weight.numel() for weight in model.parameters()):,}", width="content")
        st.metric("Glimpses", info.config.num_glimpses, width="content")
        side, scales = info.config.glimpse_size, info.config.num_scales
        st.metric("Patch", f"{side}×{side}" + (f" ×{scales} scales" if scales > 1 else ""), width="content")
        for key, label in (
            ("test_error_mean", "Test error, mean gaze"),
            ("test_error_sampled", "Test error, sampled gaze"),
            ("validation_error", "Validation error"),
        ):
            if key in info.results:
                st.metric(label, _percent(info.results[key]), width="content")
    st.caption(
        "Test error: the 10,000 MNIST test digits, one pass, random first glimpse; mean and standard deviation "
        "over the seeds. The checkpoint was chosen by its validation error, never by the test set."
    )


def _percent(result: Any) -> str:
    if isinstance(result, dict):
        return f"{result['mean']:.2f} ± {result['spread']:.2f} %"
    return f"{result:.2f} %"


def _architecture(model: RAM) -> None:
    rows = []
    for key, (title, task) in NETWORKS.items():
        weights = dict(getattr(model, key).named_parameters())
        rows.append(
            {
                "network": title,
                "what it does": task,
                "weights": ", ".join("×".join(map(str, weight.shape)) for weight in weights.values()),
                "parameters": sum(weight.numel() for weight in weights.values()),
            }
        )
    st.subheader("Architecture")
    st.dataframe(rows, hide_index=True, column_config={"parameters": st.column_config.NumberColumn(format="localized")})


def _recipe(info: CheckpointInfo) -> None:
    st.subheader("Recipe")
    from ram.config import ConfigError, TrainConfig, parse_config
    from ram.runs import RunConfig
    from ram.train import command_line

    if not info.recipe:
        st.caption("The checkpoint does not say how it was trained.")
        return
    recipe = dict(info.recipe)
    preset, start = (str(recipe.pop(name, "")) for name in ("preset", "start"))
    try:
        config = RunConfig(preset, info.config, parse_config(TrainConfig, recipe), start)
    except ConfigError as error:
        st.caption(f"It was trained in a way that this version does not know: {error}.")
    else:
        st.code(command_line(config), language="bash", wrap_lines=True)
    with st.expander("Every field of the recipe"):
        st.dataframe([{"field": field, "value": str(value)} for field, value in info.recipe.items()], hide_index=True)
