"""All kinds of targets, by the name that a file has for them."""

from __future__ import annotations

from typing import Any

from ._scaling import Scaling
from ._steps import StepLabels, StepNumbers
from ._targets import FutureRows, Labels, Numbers, Targets

KINDS: dict[str, Any] = {
    kind.kind: kind for kind in (Numbers, FutureRows, Labels, StepNumbers, StepLabels)
}


def targets_from_state(state: dict[str, Any]) -> Targets:
    """Make targets of plain values, as `dataclasses.asdict` gives them, with their kind.

    Parameters
    ----------
    state : dict

    Returns
    -------
    targets : Targets
    """
    state = dict(state)
    kind = KINDS[state.pop("kind")]
    if state.get("scaling") is not None:
        state["scaling"] = Scaling(**state["scaling"])
    targets: Targets = kind(**state)
    return targets
