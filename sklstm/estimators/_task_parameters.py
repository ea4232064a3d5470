"""The parameters of each task: those that all share, and what one alone has or means so."""

from __future__ import annotations

from dataclasses import replace

from sklearn.utils._param_validation import StrOptions

from ..fitting._numbers import integer, real
from ..losses._losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES
from ._parameters import FEATURES, LARGEST, NETWORK, TRAINING, Parameter, one_of

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
        f"{one_of(REGRESSION_LOSSES)}, torch.nn.Module or callable",
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
        the trained network gives it [Hoerl1970]_. For each output the samples held out
        choose how much its weights are shrunk, and whether they are better than those that
        were trained; then they are solved from these samples too, but for an `X_val` of
        yours. For ``loss="squared_error"``, an output for each sequence, and only where
        samples are held out; "auto" is where all that holds. `partial_fit`, `warm_start`
        and a fit that is interrupted have the layer that was trained.""",
    ),
    "horizon": Parameter(
        "int or None",
        None,
        [integer(1, LARGEST), None],
        """How many rows ahead of its own row the targets of a sample reach. With y of shape
        ``(n_samples, horizon)`` column ``k`` is ``k + 1`` rows ahead; any other y lies
        wholly `horizon` rows ahead. NaN in y is then not yet known and counts nothing.
        Targets after the last training row of their series, or beyond a gap in its time,
        are left out of the fit, though y may have them: a forecaster does not know them
        there. The last row, and the series of each, come from `Windows`; samples of an
        array are the rows of one series, in their order. None: targets belong to their own
        row, and NaN is an error.""",
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
