"""What a checkpoint is, how good it is and how it was trained."""

from __future__ import annotations

import streamlit as st

from app.look.rewards import WORDS
from app.server.models import load_model, model_info
from app.session.messages import plain_text
from ram.checkpoints import CheckpointInfo
from ram.config import TrainConfig, parse_config
from ram.controls import Controls, controls_for
from ram.evaluation import VALIDATION, OverSeeds, pieces, stored, stored_number
from ram.model import RAM
from ram.options import ConfigError
from ram.train import command_line
from ram.training.run_folder import RunConfig
from ram.value_fit import FITTED, expected_by_value, stored_value

# What each network is for, in the order in which a glimpse passes through them.
NETWORKS = {
    "glimpse_network": ("Glimpse network", "encodes what was seen and where"),
    "core_network": ("Core network", "carries the memory from glimpse to glimpse"),
    "location_network": ("Location network", "proposes where to look next"),
    "value_network": ("Value network", "estimates the {expected}"),
    "action_network": ("Action network", "classifies"),
}

ON_VALIDATION = "Validation error, digits held back"
# The ways in which this model can look (ram/evaluation.py): in plain words, and as the field says it.
GAZES = {
    "mean": ("Looks where it wants to", "mean locations"),
    "sampled": ("Looks roughly there", "locations sampled, std {std:g}"),
    "ten": ("Looks ten times and averages", "ten first glimpses, mean locations"),
}
# The gazes for which networks were trained to compare (ram/controls.py).
TRAINED_FOR = {
    "learned": ("Trained to choose where it looks", "learned gaze"),
    "fixed": ("Trained to look at {places} fixed places", "a fixed scan, row by row"),
    "random": ("Trained to look anywhere", "uniformly random locations"),
}


def show(name: str) -> None:
    """Draws all of it, or says in one sentence why the checkpoint cannot be read."""
    try:
        info, model = model_info(name), load_model(name)
    except ValueError as error:  # a CheckpointError, too
        st.error(f"{plain_text(str(error))}. Choose another model.", icon=":material/error:")
        return
    with st.container(gap="medium", key="model_card"):
        _figures(info, model)
        _results(info)
        _architecture(model, WORDS[expected_by_value(info)].expected)
        _recipe(info)


def _figures(info: CheckpointInfo, model: RAM) -> None:
    side, scales = info.config.glimpse_size, info.config.num_scales
    figures = {
        "Parameters": f"{sum(weight.numel() for weight in model.parameters()):,}",
        "Glimpses": str(info.config.num_glimpses),
        "Patch": f"{side}×{side}" + (f", {scales} scales" if scales > 1 else ""),
        "Image": f"{info.image_size}×{info.image_size}",
    }
    if (measured := stored(info, VALIDATION)) is not None:
        figures[ON_VALIDATION] = f"{measured.mean:.2f} ± {measured.spread:.2f} %"
    elif (error := stored_number(info, "validation_error")) is not None:
        figures[ON_VALIDATION] = f"{error:.2f} %"
    with st.container(horizontal=True, gap="medium"):
        for label, figure in figures.items():
            st.metric(label, figure, width="content")


def _results(info: CheckpointInfo) -> None:
    """What was measured with the test digits, beside each other where there is room."""
    errors = {gaze: error for gaze in GAZES if (error := stored(info, f"test_error_{gaze}"))}
    if not errors:
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.html("<h2>How often it is wrong</h2>")
        std = info.config.location_std
        _bars({gaze: (words, term.format(std=std)) for gaze, (words, term) in GAZES.items()}, errors)
        st.caption(_protocol(info, max(len(error.per_seed) for error in errors.values())))
        _gaze(info)
    with right:
        _calibration(info)
        _value(info)


def _bars(words: dict[str, tuple[str, str]], errors: dict[str, OverSeeds]) -> None:
    """A bar for every error, as long as it is large."""
    longest = max(error.mean for error in errors.values()) or 1
    bars = [
        f"<li class='{name}'><span>{words[name][0]} <small>{words[name][1]}</small></span>"
        f"<b>{error.mean:.2f} <small>± {error.spread:.2f}</small> %</b>"
        f"<i style='width: {100 * error.mean / longest:.1f}%'></i></li>"
        for name, error in errors.items()
    ]
    st.html(f"<ul class='gazes'>{''.join(bars)}</ul>")


def _gaze(info: CheckpointInfo) -> None:
    """What the learned gaze is worth, by networks that were each trained for their gaze."""
    controls, lost = controls_for(info), stored(info, "test_error_random")
    if controls is None and lost is None:
        return
    st.html("<h2>What the learned gaze is worth</h2>")
    if controls is not None:
        words = {name: (word.format(places=controls.places), term) for name, (word, term) in TRAINED_FOR.items()}
        _bars(words, controls.errors)
        st.markdown(comparison(controls))
        st.caption(
            f"Each bar stands for {len(controls.errors['learned'].per_seed)} networks like this one, trained for that "
            f"gaze with its recipe in fewer steps. Errors on {controls.digits:,} digits held back; mean and standard "
            "deviation over the networks."
        )
        with st.expander("How they were trained"):
            st.markdown(controls.how)
    else:
        st.markdown(
            "This was not measured for this model: it takes networks trained for a fixed scan and for random places."
        )
    if lost is not None:
        st.caption(
            f"Sent to random places, for which it was not trained, this model is wrong in {lost.mean:.2f}\u00a0% "
            "of the test digits. That shows how much it relies on its gaze, not what the gaze is worth."
        )


def comparison(controls: Controls) -> str:
    """What the bars say: a difference of two means counts if it is larger than twice its standard error."""
    learned, fixed, random = (controls.errors[gaze] for gaze in TRAINED_FOR)
    noise = sum(one.spread**2 / len(one.per_seed) for one in (learned, fixed)) ** 0.5
    gain = fixed.mean - learned.mean
    verdict, why = "worse than the learned gaze", ""
    if gain <= 2 * noise:
        verdict, why = (
            "as good as the learned gaze",
            ": so few glimpses nearly cover a digit, and little is left to decide",
        )
    if gain < -2 * noise:
        verdict, why = "better than the learned gaze", ""
    times = random.mean / max(learned.mean, 0.01)
    return (
        f"A fixed scan is **{verdict}** here{why}. A random gaze is wrong **{times:.{0 if times >= 3 else 1}f} times** "
        "as often."
    )


def _protocol(info: CheckpointInfo, passes: int) -> str:
    where = ""
    if info.image_size > 28 or pieces(info):
        clutter = f" among {pieces(info)} pieces of others" if pieces(info) else ""
        where = f", each anywhere in {info.image_size}×{info.image_size} pixels{clutter}"
    return (
        f"10,000 MNIST test digits, which training never shows{where}. The first glimpse falls anywhere; mean and "
        f"standard deviation over {passes} passes."
    )


def _calibration(info: CheckpointInfo) -> None:
    before, after = stored(info, "calibration_error_before"), stored(info, "calibration_error_after")
    if before is None:
        return
    st.html("<h2>How far to trust its probabilities</h2>")
    st.metric("Calibration error", f"{(after or before).mean:.2f} %", width="content")
    st.markdown(
        "Where it says 90\u00a0%, it should be right 90 times in 100. This is how far the probability of its answer "
        "and the share of right answers lie apart, on average."
    )
    temperature = stored_number(info, "temperature")
    if after and temperature:
        st.caption(
            f"Temperature scaling: all logits were divided by {temperature:.2f}, which makes it "
            f"{'less' if temperature > 1 else 'more'} sure and changes no answer. "
            f"Before, it was {before.mean:.2f}\u00a0%."
        )
    else:
        st.caption("The probabilities are as training left them, without temperature scaling.")


def _value(info: CheckpointInfo) -> None:
    """How well the value predicts what it is said to predict."""
    value = stored_value(info)
    if value is None:
        return
    st.html("<h2>How far to trust its value</h2>")
    st.metric("Right answers told from wrong ones", f"{100 * value.auc[-1]:.0f} %", width="content")
    st.markdown(
        f"{_what_the_value_is(info)} After the last glimpse, a right answer has a higher value than a wrong one in "
        "this share of all pairs; by chance it would be 50\u00a0%."
    )
    percents = ", ".join(f"{100 * auc:.0f}" for auc in value.auc)
    st.caption(
        f"After each glimpse: {percents}\u00a0%. The mean value differs from the share of right answers by at most "
        f"{100 * max(map(abs, value.excess)):.1f} points. Its squared error is {min(value.share):.3f} to "
        f"{max(value.share):.3f} times that of a constant value: it is hard to see beforehand what will be read wrong."
    )


def _what_the_value_is(info: CheckpointInfo) -> str:
    if expected_by_value(info) != "hit":
        return (
            "It was trained for another reward: the value is the **expected information** in the answer, not how "
            "likely it is to be right."
        )
    fitted = " It was fitted to right answers after the training." if info.results.get(FITTED) is True else ""
    return f"The value is the model's estimate, after each glimpse, of how likely its answer is to be right.{fitted}"


def _architecture(model: RAM, expected: str) -> None:
    rows, total = [], 0
    for key, (title, task) in NETWORKS.items():
        weights = list(getattr(model, key).parameters())
        parameters = sum(weight.numel() for weight in weights)
        total += parameters
        shapes = " ".join(f"<span>{'×'.join(map(str, weight.shape))}</span>" for weight in weights)
        does = task.format(expected=expected)
        rows.append(
            f"<tr><th scope='row'>{title} <small>{does}</small></th><td><div>{shapes}</div></td>"
            f"<td>{parameters:,}</td></tr>"
        )
    st.html(
        "<h2>Architecture</h2><table class='networks'><thead><tr><th scope='col'>Network</th>"
        "<th scope='col'>Weights and biases</th><th scope='col'>Parameters</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody>"
        f"<tfoot><tr><th scope='row' colspan='2'>Together</th><td>{total:,}</td></tr></tfoot></table>"
    )


def _recipe(info: CheckpointInfo) -> None:
    st.html("<h2>Recipe</h2>")
    if not info.recipe:
        st.caption("The checkpoint does not say how it was trained.")
        return
    fields = dict(info.recipe)
    preset, start = (str(fields.pop(name, "")) for name in ("preset", "start"))
    try:
        config = RunConfig(preset, info.config, parse_config(TrainConfig, fields), start)
    except ConfigError as error:
        st.caption(f"It was trained in a way that this version does not know: {plain_text(str(error))}.")
    else:
        st.code(command_line(config), language="bash", wrap_lines=True)
    with st.expander("Every field of the recipe"):
        st.dataframe([{"field": field, "value": str(value)} for field, value in info.recipe.items()], hide_index=True)
