"""What the parameters that all estimators share may be."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions

from ..training import OPTIMIZERS, SCHEDULES

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def _at_least(least: int) -> Interval:
    return Interval(Integral, least, None, closed="left")


# What shapes the network, and goes to it as it is.
NETWORK: dict[str, Any] = {
    "hidden_size": [_at_least(1)],
    "num_layers": [_at_least(1)],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "bidirectional": ["boolean"],
    "cell": [StrOptions({"lstm", "gru", "rnn", "peephole"})],
    "layer_norm": ["boolean"],
    "memory_length": [_at_least(2), None],
    "instance_norm": [StrOptions({"last", "standard", "affine"}), None],
    "patch_length": [_at_least(1)],
    "convolution": [StrOptions({"before", "beside"}), None],
    "conv_filters": [tuple, list],
    "conv_kernel_sizes": [tuple, list],
    "squeeze_excite": ["boolean"],
    "embedding_size": [_at_least(1), None],
    "pooling": [StrOptions({"last", "mean", "max", "attention"})],
    "head_sizes": [tuple, list],
}

CONSTRAINTS: dict[str, Any] = {
    **NETWORK,
    "categorical_features": [Integral, list, tuple, np.ndarray, None],
    "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "learning_rate_schedule": [StrOptions({"constant", *SCHEDULES}), callable],
    "weight_decay": [Interval(Real, 0, None, closed="left"), None],
    "weight_averaging": [Interval(Real, 0, 1, closed="neither"), None],
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
