"""What the parameters that all estimators share may be."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import torch
from sklearn.utils._param_validation import Interval, StrOptions

from .training import OPTIMIZERS, SCHEDULES

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def _at_least(least: int) -> Interval:
    return Interval(Integral, least, None, closed="left")


CONSTRAINTS: dict[str, Any] = {
    "hidden_size": [_at_least(1)],
    "num_layers": [_at_least(1)],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "bidirectional": ["boolean"],
    "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "learning_rate_schedule": [StrOptions({"constant", *SCHEDULES}), callable],
    "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
    "max_epochs": [_at_least(1)],
    "batch_size": [_at_least(1)],
    "standardize": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "validation_split": [StrOptions({"auto", "last", "random"})],
    "n_epochs_no_change": [_at_least(1)],
    "warm_start": ["boolean"],
    "callbacks": [list, None],
    "dtype": [StrOptions(set(DTYPES))],
    "device": [str, torch.device],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}
