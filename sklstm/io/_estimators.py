"""Estimators in files that hold no code."""

from __future__ import annotations

import os
from typing import Any

from ..files._plain_file import read_plain, write_plain
from ..files._values import VALUES
from ._classes import ESTIMATORS, known_class
from ._objects import object_kind
from ._pandas import PANDAS

KIND = "estimator"


def save(model: Any, path: str | os.PathLike[str], *, training_state: bool = False) -> None:
    """Save an estimator to one safetensors file, which holds data and no code.

    The file has the parameters and what was learnt, as JSON and arrays. It is written in
    one step: whoever reads it sees the file before or the whole new one.

    Parameters
    ----------
    model : estimator
        Fitted or not: an estimator or a transformer of this package; or a pipeline, a
        column transformer, a feature union or a transformed target of these and of
        scikit-learn's scalers, encoders and imputer.
    path : path-like
        Of the file, which is replaced if it exists.
    training_state : bool, default=False
        Whether to keep what `partial_fit`, `warm_start` and `update` need to go on as if
        they had never stopped. It makes the file some three times as large.

    Raises
    ------
    TypeError
        If the model is of another class, or a parameter is code: a loss, an optimiser or a
        callback of your own.

    See Also
    --------
    load : Reads the file.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.io import load, save
    >>> X = np.random.default_rng(0).normal(size=(50, 8))
    >>> model = LSTMRegressor(hidden_size=4, max_epochs=2).fit(X, X[:, -1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.safetensors")
    ...     loaded = load(f"{folder}/model.safetensors")
    >>> bool((loaded.predict(X) == model.predict(X)).all())
    True
    """
    known = known_class(model)
    if known is None or not known.is_estimator:
        kind = type(model).__name__
        remedy = "Keep a pickle, whose code you trust."
        if kind.endswith("SearchCV"):
            remedy = "Save its best_estimator_."
        raise TypeError(
            "model must be an estimator of sklstm, or a pipeline of these and of"
            f" scikit-learn's scalers and encoders. Got {kind}. {remedy}"
        )
    kinds = (object_kind(training_state=training_state), *VALUES, *PANDAS)
    write_plain(path, KIND, model, kinds, known.name)


def load(path: str | os.PathLike[str]) -> Any:
    """Load an estimator that `save` has written. Nothing that stands in the file is run.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    model : estimator
        It predicts what the saved one did, bit for bit on the same kind of machine. Without
        its training state `partial_fit`, `warm_start` and what is built on them raise a
        ValueError. A model that was on a GPU is on it again, or on the CPU where there is
        none.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be opened.
    ValueError
        If it is no such file or is damaged; if it is of a newer format; or if it names a
        class, a parameter or an attribute that this version does not know.

    See Also
    --------
    save : Writes the file, and has an example.
    """
    kinds = (object_kind(training_state=True), *VALUES, *PANDAS)
    model = read_plain(path, KIND, kinds, ESTIMATORS)
    if known_class(model) is None:
        raise ValueError(f"{path} must hold an estimator. Got {type(model).__name__}.")
    return model
