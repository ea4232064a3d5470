"""A last layer that is solved anew, in closed form, once all before it is learnt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..fitting._ranks import total
from ..losses import POINT
from ..network import Head, LSTMNetwork
from ._batches import Inputs
from ._data import SequenceData

Array = NDArray[np.float64]

# Beside 1, the variance of what the layer reads.
PENALTIES = np.logspace(-6, 6, 49)


class Moments(NamedTuple):
    """Weighted sums of products, of all that a squared error depends on.

    Attributes
    ----------
    reads : ndarray of shape (n_outputs, n_values + 1, n_values + 1)
        Of what the last layer reads, and 1, with each other.
    both : ndarray of shape (n_outputs, n_values + 1)
        Of these with the targets.
    targets : ndarray of shape (n_outputs,)
        Of the targets with themselves.
    """

    reads: Array
    both: Array
    targets: Array

    @classmethod
    def of(cls, reads: Array, targets: Array, weight: Array) -> Moments:
        """Sum up over samples.

        Parameters
        ----------
        reads : ndarray of shape (n_samples, n_values)
        targets, weight : ndarray of shape (n_samples, n_outputs)

        Returns
        -------
        moments : Moments
        """
        z = np.column_stack([reads, np.ones(len(reads))])
        weighted = weight * targets
        if (weight == weight[:, :1]).all():
            products = np.repeat((z.T @ (weight[:, :1] * z))[None], weight.shape[1], axis=0)
        else:
            products = np.stack([z.T @ (column[:, None] * z) for column in weight.T])
        return cls(products, weighted.T @ z, (weighted * targets).sum(axis=0))

    def plus(self, other: Moments, weight: float = 1.0) -> Moments:
        """Sum up over both's samples, with a weight for the other's."""
        return Moments(*(a + weight * b for a, b in zip(self, other, strict=True)))

    def squared_error(self, layer: Array) -> float:
        """Give the weighted sum of the squared errors of a layer.

        Parameters
        ----------
        layer : ndarray of shape (n_outputs, n_values + 1)
            Weights, and last the bias.

        Returns
        -------
        squared_error : float
        """
        own = np.einsum("kd,kde,ke->k", layer, self.reads, layer)
        crossed = (layer * self.both).sum(axis=1)
        return float((own - 2 * crossed + self.targets).sum())


def ridge_path(moments: Moments, penalties: Array = PENALTIES) -> Array:
    r"""Solve ridge regressions, of which each shrinks the weights more.

    What the layer reads is standardised: the penalty :math:`\lambda` stands beside its
    correlations :math:`C`, whatever the number of samples. The bias is not shrunk.

    .. math:: w = (C + \lambda I)^{-1} c

    Parameters
    ----------
    moments : Moments
    penalties : ndarray of shape (n_penalties,)

    Returns
    -------
    layers : ndarray of shape (n_penalties, n_outputs, n_values + 1)
    """
    layers = [
        _path_of_output(reads, both, penalties)
        for reads, both in zip(moments.reads, moments.both, strict=True)
    ]
    return np.stack(layers, axis=1)


def _path_of_output(reads: Array, both: Array, penalties: Array) -> Array:
    n_samples = reads[-1, -1]
    if n_samples == 0:
        return np.zeros((len(penalties), len(both)))
    mean, target_mean = reads[-1, :-1] / n_samples, both[-1] / n_samples
    covariance = reads[:-1, :-1] / n_samples - np.outer(mean, mean)
    variance = np.diagonal(covariance)
    # Of a value that is constant rounding leaves a little.
    varies = variance > 1e-12 * (mean**2 + variance)
    scale = np.where(varies, np.sqrt(np.where(varies, variance, 1.0)), np.inf)
    correlation = covariance / np.outer(scale, scale)
    with_target = (both[:-1] / n_samples - mean * target_mean) / scale
    values, vectors = np.linalg.eigh(correlation)
    shrunk = vectors.T @ with_target / (values.clip(0) + penalties[:, None])
    weights = shrunk @ vectors.T / scale
    return np.column_stack([weights, target_mean - weights @ mean])


def refit_head(
    network: LSTMNetwork,
    train: SequenceData,
    valid: SequenceData,
    batch_size: int,
    share: float,
) -> float | None:
    """Solve the last layer anew, if that predicts the samples held out better.

    They choose how much its weights are shrunk: what is learnt of few samples fits these
    better than others, and so would a layer that trusts it. Sums over batches suffice, so
    that no more than a batch is in memory.

    Parameters
    ----------
    network : LSTMNetwork
        Its last layer gets other weights, or stays as it is.
    train, valid : SequenceData
    batch_size : int
        Samples to read at once.
    share : float
        How much a sample held out counts, in the end, beside one of training, both of
        weight 1. 0 leaves those held out aside.

    Returns
    -------
    penalty : float or None
        What was chosen; None where the layer stays.
    """
    was_training = network.training
    network.eval()
    of_train, of_valid = (
        _moments(network, data.batches(batch_size)) for data in (train, valid)
    )
    linear: Any = network.head.linear
    learnt = np.column_stack([_as_array(linear.weight), _as_array(linear.bias)])
    errors = [of_valid.squared_error(layer) for layer in ridge_path(of_train)]
    best, penalty = int(np.argmin(errors)), None
    if errors[best] < of_valid.squared_error(learnt):
        penalty = float(PENALTIES[best])
        moments = of_train.plus(of_valid, share)
        (layer,) = ridge_path(moments, PENALTIES[best : best + 1])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer[:, :-1]))
            linear.bias.copy_(torch.from_numpy(layer[:, -1]))
    network.train(was_training)
    return penalty


def can_refit(network: LSTMNetwork) -> bool:
    """Tell whether the last layer gives one prediction for each target of a sequence.

    Parameters
    ----------
    network : LSTMNetwork

    Returns
    -------
    can_refit : bool
    """
    is_last = not network.return_sequences and network.forks is None
    return is_last and isinstance(network.head, Head) and tuple(network.roles) == POINT


@torch.no_grad()
def _moments(
    network: LSTMNetwork, batches: Iterable[tuple[Inputs, torch.Tensor | None]]
) -> Moments:
    parts = (_of_batch(network, *batch) for batch in batches)
    moments = next(parts)
    for part in parts:
        moments = moments.plus(part)
    return Moments(*(total("sums of what the last layer reads", m) for m in moments))


def _of_batch(network: LSTMNetwork, inputs: Inputs, target: torch.Tensor | None) -> Moments:
    assert target is not None
    read: Any = (inputs[name] for name in ("x", "lengths", "future", "history"))
    reads, offset, factor = map(_as_array, network.before_last_layer(*read))
    known = _as_array(target).reshape(len(reads), -1)
    counts = ~np.isnan(known) & (factor != 0)
    weight = np.where(counts, factor**2, 0.0)
    if inputs["weight"] is not None:
        weight *= _as_array(inputs["weight"])[:, None]
    targets = np.divide(known - offset, factor, out=np.zeros_like(known), where=counts)
    return Moments.of(reads, targets, weight)


def _as_array(values: torch.Tensor) -> Array:
    return values.detach().double().cpu().numpy()
