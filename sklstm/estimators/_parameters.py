"""The parameters that constructors share: each with its text, its constraint, its default.

A table says of each parameter what is the same wherever it occurs. Signatures stay written
out: `documented` fills the texts into the docstrings, and a test holds the two together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions

from ..fitting._numbers import integer, real
from ..training import OPTIMIZERS, SCHEDULES

DTYPES = ("float32", "float64", "bfloat16")


# Sizes that torch can count.
LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Parameter:
    """What the constructors that take a parameter have in common.

    Attributes
    ----------
    type : str
        As numpydoc prints it, but for the default.
    default : object
        The default of the constructors that have no reason for another.
    constraints : list
        For scikit-learn's validation: one of them must hold.
    text : str
        A paragraph; it is wrapped anew where it is printed.
    """

    type: str
    default: Any
    constraints: list[Any]
    text: str


Table = Mapping[str, Parameter]


def constraints_of(table: Table) -> dict[str, list[Any]]:
    """Give the constraints of all parameters of a table, as scikit-learn wants them."""
    return {name: parameter.constraints for name, parameter in table.items()}


def one_of(options: Iterable[str]) -> str:
    """Give the type of a parameter that is one of some names."""
    return "{" + ", ".join(f'"{option}"' for option in options) + "}"


# What shapes the network, and goes to it as it is.
NETWORK: dict[str, Parameter] = {
    "hidden_size": Parameter(
        "int",
        32,
        [integer(1, LARGEST)],
        "Units of each layer, in each direction.",
    ),
    "num_layers": Parameter(
        "int",
        1,
        [integer(1, LARGEST)],
        "Number of recurrent layers, one on the other.",
    ),
    "dropout": Parameter(
        "float",
        0.0,
        [real(0, 1, closed="left")],
        """Probability, in [0, 1), that a value is set to zero in training: what one layer
        hands to the next, what the head reads of the recurrent layers (not of convolutions
        beside them), and what its hidden layers give.""",
    ),
    "bidirectional": Parameter(
        "bool",
        False,
        ["boolean"],
        "Whether each layer reads the sequence in both directions.",
    ),
    "cell": Parameter(
        '{"lstm", "gru", "rnn", "peephole"}',
        "lstm",
        [StrOptions({"lstm", "gru", "rnn", "peephole"})],
        """Cell of the recurrent layers. "peephole" is an LSTM whose gates see the cell
        state [Gers2000]_; torch has no fast kernel for it.""",
    ),
    "layer_norm": Parameter(
        "bool",
        False,
        ["boolean"],
        """Whether the gates, and the cell state before it is read, are normalised at each
        step. Torch has no fast kernel for it.""",
    ),
    "memory_length": Parameter(
        "int or None",
        None,
        [integer(2, LARGEST), None],
        """Longest time, in steps, over which the network is to remember: the gates that
        keep its state begin open for 2 to `memory_length` steps [Tallec2018]_. None begins
        as PyTorch does, forgetting half at each step. A plain RNN has no such gates.""",
    ),
    "instance_norm": Parameter(
        '{"last", "level", "standard", "affine"} or None',
        None,
        [StrOptions({"last", "level", "standard", "affine"}), None],
        """Whether each sequence is seen relative to its own level, and the forecast as a
        change from it: "last" subtracts the last observed step; "level" an exponentially
        weighted mean, with the weights that by themselves forecast the training samples
        best; "standard" the mean and divides by the standard deviation of the sequence;
        "affine" then trains a weight and a bias for each feature. For outputs that forecast
        an input feature; what lets a network follow a trend [Zeng2023]_, [Kim2022]_.""",
    ),
    "patch_length": Parameter(
        "int",
        1,
        [integer(1, LARGEST)],
        """Steps that become one recurrent step through a linear layer: long sequences are
        learnt sooner, and often better [Lin2023]_.""",
    ),
    "convolution": Parameter(
        '{"before", "beside"} or None',
        None,
        [StrOptions({"before", "beside"}), None],
        """Whether convolutions over time stand before the recurrent layers (CNN-LSTM), each
        of which sees only steps before its own; or beside them, batch-normalised and
        averaged over time (LSTM-FCN) [Karim2018]_.""",
    ),
    "conv_filters": Parameter(
        'sequence of int or "auto"',
        "auto",
        [tuple, list, StrOptions({"auto"})],
        """With `convolution`, the features that each convolution gives; "auto" is
        ``(128, 256, 128)`` beside the recurrent layers, and ``(32,)`` before them: several
        wide ones there need a smaller `learning_rate`.""",
    ),
    "conv_kernel_sizes": Parameter(
        'sequence of int or "auto"',
        "auto",
        [tuple, list, StrOptions({"auto"})],
        """With `convolution`, the steps that each convolution reads; "auto" is
        ``(8, 5, 3)`` for three convolutions, and 5 for each of another number.""",
    ),
    "squeeze_excite": Parameter(
        "bool",
        False,
        ["boolean"],
        """With convolutions beside, whether their features are weighed against each
        other.""",
    ),
    "embedding_size": Parameter(
        "int or None",
        None,
        [integer(1, LARGEST), None],
        """Length of the vector of a category. None is half the number of categories, at
        most 50.""",
    ),
    "pooling": Parameter(
        '{"last", "mean", "max", "attention"}',
        "last",
        [StrOptions({"last", "mean", "max", "attention"})],
        """How the states of all observed steps become one: the last, their mean, their
        maximum, or a mean whose weights are learnt (`attention_weights` of the scikit-learn
        estimators gives them).""",
    ),
    "head_sizes": Parameter(
        "sequence of int",
        (),
        [tuple, list],
        "Units of hidden layers between that state and the outputs.",
    ),
}

FEATURES: dict[str, Parameter] = {
    "categorical_features": Parameter(
        "int, str, array-like of int, str or bool, or None",
        None,
        [integer(), str, "array-like", None],
        """Features of X that are categories, as whole numbers from 0: the words of a text,
        a store. A category has one number wherever it stands, in whatever step. By number;
        by name, where the features of X have names; or as a mask of shape
        ``(n_features,)``. A 2-D X has one feature, number 0. The network learns a vector
        for each category; one that the first fit has not seen has zeros, and keeps them
        when training goes on.""",
    ),
}

TRAINING: dict[str, Parameter] = {
    "optimizer": Parameter(
        f"{one_of(OPTIMIZERS)} or callable",
        "adam",
        [StrOptions(set(OPTIMIZERS)), callable],
        """A callable takes the weights and ``lr`` and gives a `torch.optim.Optimizer`: a
        class of `torch.optim`, or a `functools.partial` of one.""",
    ),
    "learning_rate": Parameter(
        "float",
        0.01,
        [real(0, None, closed="neither")],
        "Step size of the optimiser.",
    ),
    "learning_rate_schedule": Parameter(
        f"{one_of(('constant', *SCHEDULES))} or callable",
        "cosine",
        [StrOptions({"constant", *SCHEDULES}), callable],
        """How the learning rate changes: not at all; down to 0 along half a cosine over
        `max_epochs`; to a tenth after each third of them; to a half where the loss has not
        fallen for more than 5 epochs; step by step up to `learning_rate` over three tenths
        of the training and down again; up over one tenth and then down along a cosine. A
        callable takes the optimiser and gives a scheduler of `torch.optim.lr_scheduler`,
        for epochs.""",
    ),
    "weight_decay": Parameter(
        "float or None",
        None,
        [real(0, None, closed="left"), None],
        """Passed to the optimiser: the weights shrink by it, with "adamw" apart from the
        gradient, else as a part of it. None leaves the optimiser's own: 0.01 for "adamw",
        else 0.""",
    ),
    "weight_averaging": Parameter(
        "float or None",
        None,
        [real(0, 1, closed="neither"), None],
        """Decay, in (0, 1), of a moving average of the weights over the steps of the
        optimiser. Each epoch is judged by the average, and it is kept; 0.99 is common. Each
        call of `fit` begins a new average, `partial_fit` makes none.""",
    ),
    "max_grad_norm": Parameter(
        "float or None",
        1.0,
        [real(0, None, closed="neither"), None],
        "A gradient of a larger norm is scaled down to it; None never clips.",
    ),
    "max_epochs": Parameter(
        'int or "auto"',
        "auto",
        [integer(1, LARGEST), StrOptions({"auto"})],
        """Number of times that training goes through the samples, at most. "auto" goes 100
        times through few samples; more than 640 are gone through until 64,000 have been
        seen, but 5 times at least, and in 500 steps of the optimiser at least. Where that
        are few passes, an epoch is part of one: there are 20 epochs at least. With
        `max_steps` it is 100.""",
    ),
    "max_steps": Parameter(
        "int or None",
        None,
        [integer(1, LARGEST), None],
        """Steps of the optimiser, at most; training ends where this or `max_epochs` does
        first. An epoch that would be longer ends with it.""",
    ),
    "validation_steps": Parameter(
        "int or None",
        None,
        [integer(1, LARGEST), None],
        """Steps after which an epoch ends: it is judged, the learning rate changes, and
        callbacks are called, and the next goes on through the samples where it ended. None:
        epochs are whole passes.""",
    ),
    "batch_size": Parameter(
        "int",
        32,
        [integer(1, LARGEST)],
        "Samples per step of the optimiser.",
    ),
    "early_stopping": Parameter(
        "bool",
        False,
        ["boolean"],
        """Whether to hold out samples, stop when the loss on them no longer falls, and keep
        the weights of the best epoch.""",
    ),
    "validation_fraction": Parameter(
        "float",
        0.1,
        [real(0, 1, closed="neither")],
        "Share of the samples to hold out, in (0, 1).",
    ),
    "n_epochs_no_change": Parameter(
        "int",
        10,
        [integer(1, LARGEST)],
        "Epochs without a new best validation loss after which training stops.",
    ),
    "warm_start": Parameter(
        "bool",
        False,
        ["boolean"],
        """Whether another call of `fit` goes on from the weights and the scaling of the
        last, for `max_epochs` more. Between two calls the parameters of training may
        change, but not `optimizer`, `standardize`, `dtype`, `device` or those of the
        network, except `dropout`; `random_state` has no effect then.""",
    ),
    "checkpoint": Parameter(
        "str, path-like or None",
        None,
        [str, os.PathLike, None],
        """Keeps a `fit` in a file while it is not whole: written after each epoch, and
        taken away at the end. Where a crash came between, the next `fit` with the same
        parameters and data takes it up, and ends bit for bit as if nothing had happened.
        The file's name is this path with a digest of the parameters and the data and
        ``.unfinished``, so that the fits of a search each have their own. `partial_fit`
        does not use it.""",
    ),
    "dtype": Parameter(
        one_of(DTYPES),
        "float32",
        [StrOptions(set(DTYPES))],
        """Type in which the network computes, whatever that of X. "float64" is slower.
        "bfloat16" trains large LSTMs in two thirds of the time, where the processor or the
        GPU computes in it: the products of the recurrent layers, and of convolutions, are
        of bfloat16 then, the weights and all predictions of float32.""",
    ),
    "device": Parameter(
        "str or torch.device",
        "cpu",
        [str, torch.device],
        """Where the network computes; "auto" takes a GPU if there is one.""",
    ),
    "random_state": Parameter(
        "int, RandomState instance or None",
        None,
        [integer(0, 2**32 - 1), np.random.RandomState, None],
        """Governs the initial weights, dropout, shuffling and a random hold-out. No global
        generator is used: None is another seed each time.""",
    ),
    "verbose": Parameter(
        "int",
        0,
        ["verbose"],
        """Whether to print a line after each epoch: its losses, with a star at the least
        validation loss so far, its learning rate, and the time that is left at most.""",
    ),
}
