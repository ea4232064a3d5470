"""What the parameters that all estimators share may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions

from ..fitting._numbers import integer, real
from ..training import OPTIMIZERS, SCHEDULES

DTYPES = {"float32": torch.float32, "float64": torch.float64}


# What shapes the network, and goes to it as it is.
NETWORK: dict[str, Any] = {
    "hidden_size": [integer(1)],
    "num_layers": [integer(1)],
    "dropout": [real(0, 1, closed="left")],
    "bidirectional": ["boolean"],
    "cell": [StrOptions({"lstm", "gru", "rnn", "peephole"})],
    "layer_norm": ["boolean"],
    "memory_length": [integer(2), None],
    "instance_norm": [StrOptions({"last", "standard", "affine"}), None],
    "patch_length": [integer(1)],
    "convolution": [StrOptions({"before", "beside"}), None],
    "conv_filters": [tuple, list],
    "conv_kernel_sizes": [tuple, list],
    "squeeze_excite": ["boolean"],
    "embedding_size": [integer(1), None],
    "pooling": [StrOptions({"last", "mean", "max", "attention"})],
    "head_sizes": [tuple, list],
}

CONSTRAINTS: dict[str, Any] = {
    **NETWORK,
    "categorical_features": [integer(), str, "array-like", None],
    "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
    "learning_rate": [real(0, None, closed="neither")],
    "learning_rate_schedule": [StrOptions({"constant", *SCHEDULES}), callable],
    "weight_decay": [real(0, None, closed="left"), None],
    "weight_averaging": [real(0, 1, closed="neither"), None],
    "max_grad_norm": [real(0, None, closed="neither"), None],
    "max_epochs": [integer(1)],
    "batch_size": [integer(1)],
    "standardize": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [real(0, 1, closed="neither")],
    "validation_split": [StrOptions({"auto", "last", "random"})],
    "n_epochs_no_change": [integer(1)],
    "warm_start": ["boolean"],
    "callbacks": [list, None],
    "dtype": [StrOptions(set(DTYPES))],
    "device": [str, torch.device],
    "random_state": [integer(0, 2**32 - 1), np.random.RandomState, None],
    "verbose": ["verbose"],
}
