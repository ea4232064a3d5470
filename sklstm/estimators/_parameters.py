"""The parameters that constructors share: each with its text, its constraint, its default.

A table says of each parameter what is the same wherever it occurs. Signatures stay written
out: `documented` fills the texts into the docstrings, and a test holds the two together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions

from ..fitting._numbers import integer, real
from ..losses._losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES
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


def _one_of(options: Iterable[str]) -> str:
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
        "sequence of int",
        (128, 256, 128),
        [tuple, list],
        "With `convolution`, the features that each convolution gives.",
    ),
    "conv_kernel_sizes": Parameter(
        "sequence of int",
        (8, 5, 3),
        [tuple, list],
        "With `convolution`, the steps that each convolution reads.",
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
        f"{_one_of(OPTIMIZERS)} or callable",
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
        f"{_one_of(('constant', *SCHEDULES))} or callable",
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
        _one_of(DTYPES),
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

# Beside what all tasks share: what one of them alone has, or means in its own way.
REGRESSION: dict[str, Parameter] = {
    **NETWORK,
    **FEATURES,
    **TRAINING,
    "instance_scale": Parameter(
        '"auto" or bool',
        "auto",
        [StrOptions({"auto"}), "boolean"],
        """Whether each sequence, and the targets that forecast it, are divided by the mean
        absolute value of the sequence, so that series of any size are learnt alike
        [Salinas2020]_. "auto": if the sequences are windows of more than one series that
        are forecast: as `instance_norm` says, or, with `horizon`, as y shows, which holds
        the rows ahead of one of the features. Zeros alone have the size of what has
        followed such sequences in training, and are forecast as 0 if only zeros have.""",
    ),
    "season_length": Parameter(
        "int, array-like of int or None",
        None,
        [integer(2, LARGEST), "array-like", None],
        """Steps of a season of what is forecast. Each sequence is seen without the season
        that its own periods show, and the forecast gets it back. Of several lengths the one
        that forecasts better is taken. Outputs are 1, 2, ... steps ahead, or, with
        `horizon`, as far as that says.""",
    ),
    "season": Parameter(
        '{"additive", "multiplicative", "skip", "auto"}',
        "auto",
        [StrOptions({"additive", "multiplicative", "skip", "auto"})],
        """How a season of `season_length` acts: it is added, or is a factor, for values
        above 0. "skip" leaves the sequences as they are, and the network adds to a linear
        forecast from the same phase of their past periods, which begins as the mean of
        these [Lai2018]_. "auto" is what by itself forecasts the training samples better: an
        added season, a factor, or none. Without `season_length` it has to be "auto".""",
    ),
    "target_features": replace(
        FEATURES["categorical_features"],
        text="""With `instance_norm`, `instance_scale` or `season_length`, the features that
        the outputs forecast, by number, by name or as a mask, as in `categorical_features`.
        A list is repeated: ``[0, 2]`` for outputs that are steps ahead of features 0 and 2
        in turn. None is feature 0 of sequences that have no other. The other features are
        read as they are. With `instance_norm`, ``()`` says that the outputs forecast none:
        all features have their level taken out, and the head reads it beside what the
        network makes of the rest.""",
    ),
    "loss": Parameter(
        f"{_one_of(REGRESSION_LOSSES)}, torch.nn.Module or callable",
        "squared_error",
        [StrOptions(set(REGRESSION_LOSSES)), callable],
        """What training minimises. With "gaussian", "student_t", "negative_binomial" (for
        counts) and "mixture" (of normal distributions) it is the negative log-likelihood
        of a distribution, whose mean `predict` gives; a `sklstm.losses.DistributionLoss` is
        one of your own. Any other module or callable takes outputs and standardised
        targets, both of shape ``(n_samples, n_outputs)``, and gives one loss per sample or
        per value (a `reduction` attribute is set to "none").""",
    ),
    "refit_head": Parameter(
        'bool or "auto"',
        False,
        ["boolean", StrOptions({"auto"})],
        """Whether the last layer is solved anew after training, by ridge regression on what
        the trained network gives it [Hoerl1970]_. The samples held out choose how much its
        weights are shrunk, and whether it is better than the layer that was trained; then
        it is solved from all samples, but for an `X_val` of yours. For
        ``loss="squared_error"``, and only where samples are held out; "auto" is where both
        hold.""",
    ),
    "horizon": Parameter(
        "int or None",
        None,
        [integer(1, LARGEST), None],
        """How many rows ahead of its own row the targets of a sample reach. With y of shape
        ``(n_samples, horizon)`` column ``k`` is ``k + 1`` rows ahead; any other y lies
        wholly `horizon` rows ahead. NaN in y is then not yet known and counts nothing.
        Targets after the last training row of their series are left out of the fit, though
        y may have them: a forecaster does not know them there. The last row, and the series
        of each, come from `Windows`; samples of an array are the rows of one series, in
        their order. None: targets belong to their own row, and NaN is an error.""",
    ),
    "return_sequences": Parameter(
        "bool",
        False,
        ["boolean"],
        """Whether there is an output at each step of a sequence, not after its last alone
        [Graves2012]_: y has the shape ``(n_samples, n_timesteps[, n_outputs])``, and so
        have predictions. Unobserved steps count nothing, need no target and get NaN. A
        target that is not known at an observed step has to be masked, in a masked array, or
        to have a `sample_weight` of 0: weights may be those of steps, of shape
        ``(n_samples, n_timesteps)``. An output reads the steps up to its own; with
        `bidirectional`, all. With ``pooling="attention"`` each output also reads the
        states of those steps [Luong2015]_. Not together with what needs the whole sequence:
        `pooling` by mean or maximum, `instance_norm`, `patch_length`,
        ``convolution="beside"``, `horizon`.""",
    ),
    "quantile": Parameter(
        "float or list of float",
        0.5,
        [real(0, 1, closed="neither"), "array-like"],
        """With ``loss="quantile"``, the level of the quantile to predict, in (0, 1). Of
        several, in ascending order and on both sides of 0.5, one network learns them all,
        and `predict` gives the median.""",
    ),
    "n_mixtures": Parameter(
        "int",
        3,
        [integer(1, 10_000)],
        """With ``loss="mixture"``, the number of normal distributions.""",
    ),
    "standardize": Parameter(
        "bool",
        True,
        ["boolean"],
        """Whether the inputs, feature by feature, and the targets are standardised by the
        (weighted) training samples inside the estimator.""",
    ),
    "validation_split": Parameter(
        '{"auto", "last", "random"}',
        "auto",
        [StrOptions({"auto", "last", "random"})],
        """Which samples to hold out. "last": the last, less those before them that share a
        row with a held-out window. "random": any. "auto": "last".""",
    ),
    "callbacks": Parameter(
        "list of skorch callbacks or None",
        None,
        [list, None],
        "Called as skorch calls them; they see standardised targets.",
    ),
}

CLASSIFICATION: dict[str, Parameter] = {
    **NETWORK,
    **FEATURES,
    **TRAINING,
    "instance_norm": replace(
        NETWORK["instance_norm"],
        text="""Whether each sequence is seen relative to its own level: "last" subtracts
        the last observed step, "level" an exponentially weighted mean of the last steps,
        "standard" the mean and divides by the standard deviation of the sequence, "affine"
        then trains a weight and a bias for each feature.""",
    ),
    "loss": Parameter(
        '"cross_entropy", torch.nn.Module or callable',
        "cross_entropy",
        [StrOptions(set(CLASSIFICATION_LOSSES)), callable],
        """What training minimises. A module or callable takes logits of shape
        ``(n_samples, n_classes)`` and class numbers of shape ``(n_samples,)``, and gives
        one loss per sample (a `reduction` attribute is set to "none").""",
    ),
    "label_smoothing": Parameter(
        "float",
        0.0,
        [real(0, 1, closed="left")],
        """With ``loss="cross_entropy"``, the share of a label, in [0, 1), that is spread
        over all classes.""",
    ),
    "horizon": replace(
        REGRESSION["horizon"],
        text="""How many rows ahead of its own row the label of a sample lies. None and NaN
        in y are then not yet known and count nothing. Labels after the last training row of
        their series are left out of the fit, though y may have them: they are not known
        there. The last row, and the series of each, come from `Windows`; samples of an
        array are the rows of one series, in their order. None: labels belong to their own
        row, and NaN is an error.""",
    ),
    "return_sequences": replace(
        REGRESSION["return_sequences"],
        text="""Whether there is a label at each step of a sequence, not after its last
        alone [Graves2012]_: y has the shape ``(n_samples, n_timesteps)``, and so have
        predictions. Unobserved steps count nothing, need no label and get none: NaN among
        numbers, None among others. A label that is not known at an observed step has to be
        masked, in a masked array, or to have a `sample_weight` of 0: weights may be those
        of steps, of shape ``(n_samples, n_timesteps)``. A label reads the steps up to its
        own; with `bidirectional`, all. With ``pooling="attention"`` each also reads the
        states of those steps [Luong2015]_. Not together with what needs the whole sequence:
        `pooling` by mean or maximum, `instance_norm`, `patch_length`,
        ``convolution="beside"``, `horizon`.""",
    ),
    "class_weight": Parameter(
        'dict, "balanced" or None',
        None,
        [dict, StrOptions({"balanced"}), None],
        """Weight of each class, by label; "balanced" weighs inversely to their frequency,
        with `partial_fit` to that in all calls so far.""",
    ),
    "standardize": replace(
        REGRESSION["standardize"],
        text="""Whether the inputs are standardised, feature by feature, by the (weighted)
        training samples inside the estimator.""",
    ),
    "validation_split": replace(
        REGRESSION["validation_split"],
        text="""Which samples to hold out. "last": the last, less those before them that
        share a row with a held-out window. "random": any, class by class. "auto": "last" if
        the samples are windows of one series, else "random".""",
    ),
    "callbacks": replace(
        REGRESSION["callbacks"],
        text="Called as skorch calls them; they see standardised inputs and class numbers.",
    ),
}

# What the detector shares; its errors are those of all features.
_NOT_OF_DETECTION = {
    *FEATURES,
    "embedding_size",
    "target_features",
    "refit_head",
    "return_sequences",
    "quantile",
    "n_mixtures",
    "warm_start",
}
DETECTION: dict[str, Parameter] = {
    **{name: REGRESSION[name] for name in REGRESSION if name not in _NOT_OF_DETECTION},
    "loss": Parameter(
        '{"squared_error", "absolute_error", "huber"}, torch.nn.Module or callable',
        "squared_error",
        [StrOptions({"squared_error", "absolute_error", "huber"}), callable],
        """What training minimises. Any other module or callable takes outputs and
        standardised targets, both of shape ``(n_samples, n_outputs)``, and gives one loss
        per sample or per value (a `reduction` attribute is set to "none").""",
    ),
    "horizon": Parameter(
        "int",
        1,
        [integer(1, LARGEST)],
        """With ``method="forecast"``, how many steps are forecast: the last of a sequence,
        from those before them.""",
    ),
    "early_stopping": replace(
        TRAINING["early_stopping"],
        default=True,
        text="""Whether training stops when the loss on the samples held out no longer
        falls, and keeps the weights of the best epoch. Some are held out in any case.""",
    ),
    "validation_fraction": replace(TRAINING["validation_fraction"], default=0.2),
    "method": Parameter(
        '{"forecast", "reconstruction"}',
        "forecast",
        [StrOptions({"forecast", "reconstruction"})],
        """What a sequence is judged by: how far its last steps are from their forecast
        [Malhotra2015]_; or how far all of its steps are from what a second LSTM makes of
        the state in which the first has read them [Malhotra2016]_.""",
    ),
    "contamination": Parameter(
        '"auto" or float',
        "auto",
        [StrOptions({"auto"}), real(0, 0.5, closed="right")],
        """Share of outliers among the training samples, in (0, 0.5], which sets `offset_`.
        "auto" takes the score that one in a hundred of the samples held out is below.""",
    ),
}
