"""A last layer that is solved anew, in closed form, once all before it is learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..fitting._ranks import of_all_rows, total
from ..network import LSTMNetwork
from ._data import SequenceData

# A penalty is the variance of noise that what the layer reads is taken to have. The least
# is that of a standard deviation of three thousandths: states lie between -1 and 1, and a
# layer that tells less apart is far off where a sequence is unlike those of training.
PENALTIES = torch.logspace(-5, 6, 45, dtype=torch.float64, device="cpu")

# Of fewer known targets that are held out the choice would be chance.
LEAST_HELD_OUT = 5


class Part(NamedTuple):
    """What the last layer has to do for some samples, in double precision.

    Attributes
    ----------
    reads : Tensor of shape (n_samples, n_values)
    targets, weight : Tensor of shape (n_samples, n_outputs)
        A target that is not known is 0, of weight 0.
    """

    reads: Tensor
    targets: Tensor
    weight: Tensor

    @property
    def alike(self) -> bool:
        """Whether all outputs have the same weights."""
        return bool((self.weight == self.weight[:, :1]).all())


@dataclass
class Moments:
    """Weighted sums of products of what the last layer reads, and of that with targets.

    Attributes
    ----------
    origin : tuple of Tensor of shape (n_values,), Tensor of shape (n_outputs,)
        From which what is read and the targets are counted, so that rounding does not
        drown small changes.
    reads : Tensor of shape (1 or n_outputs, n_values + 1, n_values + 1)
        Of what the last layer reads, and 1, with each other; one for all outputs while
        their weights are alike.
    both : Tensor of shape (n_outputs, n_values + 1)
        Of these with the targets.
    """

    origin: tuple[Tensor, Tensor]
    reads: Tensor
    both: Tensor

    @classmethod
    def of(
        cls, parts: Iterable[Part], origin: tuple[Tensor, Tensor] | None = None
    ) -> Moments:
        """Sum up over samples, those of all processes.

        Parameters
        ----------
        parts : iterable of Part
        origin : tuple of Tensor or None, default=None
            None is the mean of the first part.

        Returns
        -------
        moments : Moments
        """
        moments = None
        for part in parts:
            if moments is None:
                if origin is None:
                    origin = of_all_rows("an origin", _means(part))[0]
                moments = cls._of_part(part, origin)
            else:
                moments += cls._of_part(part, moments.origin)
        assert moments is not None
        reads = total("products of what the last layer reads", moments.reads)
        both = total("products of that with the targets", moments.both)
        return cls(moments.origin, reads, both)

    @classmethod
    def _of_part(cls, part: Part, origin: tuple[Tensor, Tensor]) -> Moments:
        ones = torch.ones_like(part.reads[:, :1])
        z = torch.cat([part.reads - origin[0], ones], dim=1)
        weights = part.weight[:, :1] if part.alike else part.weight
        reads = torch.stack([z.T @ (weight[:, None] * z) for weight in weights.T])
        return cls(origin, reads, (part.weight * (part.targets - origin[1])).T @ z)

    def __add__(self, other: Moments) -> Moments:
        """Sum up over both's samples, counted from the same origin."""
        return Moments(self.origin, self.reads + other.reads, self.both + other.both)

    def __mul__(self, weight: float) -> Moments:
        """Let each sample count so often."""
        return Moments(self.origin, weight * self.reads, weight * self.both)


def _means(part: Part) -> tuple[Tensor, Tensor]:
    n_known = (part.weight > 0).sum(dim=0).clamp_min(1)
    return part.reads.mean(dim=0), part.targets.sum(dim=0) / n_known


def ridge_path(moments: Moments, penalties: Tensor = PENALTIES) -> Tensor:
    r"""Solve ridge regressions, of which each shrinks the weights more.

    With the covariances :math:`C` of what is read and :math:`c` of that with the targets

    .. math:: w = (C + \lambda I)^{-1} c

    are the weights that are best where noise of variance :math:`\lambda` is added to what
    is read [1]_. The bias is not shrunk.

    Parameters
    ----------
    moments : Moments
    penalties : Tensor of shape (n_penalties,)

    Returns
    -------
    layers : Tensor of shape (n_penalties, n_outputs, n_values + 1)
        Weights, and last the bias.

    References
    ----------
    .. [1] Bishop, C. M. (1995). Training with noise is equivalent to Tikhonov
       regularization. Neural Computation 7(1), 108-116.
    """
    n_samples = moments.reads[:, -1, -1:]
    n_samples = torch.where(n_samples > 0, n_samples, 1.0)
    mean, target_mean = moments.reads[:, -1, :-1] / n_samples, moments.both / n_samples
    covariance = moments.reads[:, :-1, :-1] / n_samples[:, :, None]
    covariance = covariance - mean[:, :, None] * mean[:, None]
    values, vectors = torch.linalg.eigh(covariance)
    with_target = target_mean[:, :-1] - mean * target_mean[:, -1:]
    # Rounding may leave a variance a little below zero.
    shrinking = values.clamp_min(0) + penalties[:, None, None]
    weights = _along(_along(with_target, vectors) / shrinking, vectors.mT)
    begin, target_begin = moments.origin
    bias = target_begin + target_mean[:, -1] - (weights * (begin + mean)).sum(dim=2)
    return torch.cat([weights, bias[:, :, None]], dim=2)


def _along(rows: Tensor, vectors: Tensor) -> Tensor:
    """Multiply the rows of each output by its matrix, or by the one of all."""
    if len(vectors) == 1:
        return rows @ vectors[0]
    return torch.einsum("...kd,kde->...ke", rows, vectors)


class Refit(NamedTuple):
    """What came of solving a last layer anew.

    Attributes
    ----------
    penalties : list of float of length n_outputs
        What was chosen; NaN where an output stays as it was trained.
    trained : dict of str to Tensor
        The state of the layer before.
    """

    penalties: list[float]
    trained: dict[str, Tensor]


def refit_head(
    network: LSTMNetwork,
    train: SequenceData,
    valid: SequenceData,
    batch_size: int,
    share: float,
    check: Callable[[], None] = lambda: None,
) -> Refit:
    """Solve the last layer anew, for each output that so predicts those held out better.

    They choose how much the weights of each output are shrunk: what is learnt of few
    samples fits these better than others, and so would a layer that trusts it. Sums over
    batches suffice, so that no more than a batch is in memory.

    Parameters
    ----------
    network : LSTMNetwork
        In eval mode. Its last layer gets other weights, or stays as it is.
    train, valid : SequenceData
    batch_size : int
        Samples to read at once.
    share : float
        How much a sample held out counts, in the end, beside one of training, both of
        weight 1. 0 leaves those held out aside.
    check : callable, optional
        Called before each batch; may raise what interrupts.

    Returns
    -------
    refit : Refit
    """
    linear: Any = network.head.linear
    trained = {name: value.clone() for name, value in linear.state_dict().items()}
    learnt = torch.cat([_double(linear.weight), _double(linear.bias)[:, None]], dim=1)
    of_train = Moments.of(_parts(network, train, batch_size, check))
    held_out = Moments.of(_parts(network, valid, batch_size, check), of_train.origin)
    # As the network has it, weights are rounded.
    layers = ridge_path(of_train).to(network.dtype).double()
    layers = torch.cat([learnt[None], layers])
    errors, n_known = squared_errors(layers, _parts(network, valid, batch_size, check))
    best = errors.nan_to_num(torch.inf).argmin(dim=0)
    outputs = torch.arange(len(best), device="cpu")
    solved = ridge_path(of_train + held_out * share)[(best - 1).clamp_min(0), outputs]
    stays = (best == 0) | (n_known < LEAST_HELD_OUT) | ~solved.isfinite().all(dim=1)
    layer = torch.where(stays[:, None], learnt, solved)
    with torch.no_grad():
        linear.weight.copy_(layer[:, :-1])
        linear.bias.copy_(layer[:, -1])
    chosen = torch.where(stays, torch.nan, PENALTIES[(best - 1).clamp_min(0)])
    return Refit(chosen.tolist(), trained)


def squared_errors(layers: Tensor, parts: Iterable[Part]) -> tuple[Tensor, Tensor]:
    """Give the weighted squared errors of layers, summed up over samples.

    Parameters
    ----------
    layers : Tensor of shape (n_layers, n_outputs, n_values + 1)
    parts : iterable of Part

    Returns
    -------
    errors : Tensor of shape (n_layers, n_outputs)
    n_known : Tensor of int of shape (n_outputs,)
        The targets that count.
    """
    errors = torch.zeros(layers.shape[:2], dtype=layers.dtype, device="cpu")
    n_known = torch.zeros(layers.shape[1], dtype=torch.int64, device="cpu")
    for reads, targets, weight in parts:
        n_known += (weight > 0).sum(dim=0)
        for i, layer in enumerate(layers):
            said = reads @ layer[:, :-1].T + layer[:, -1]
            errors[i] += (weight * (said - targets) ** 2).sum(dim=0)
    errors = total("squared errors of last layers", errors)
    return errors, total("targets held out", n_known)


def _parts(
    network: LSTMNetwork, data: SequenceData, batch_size: int, check: Callable[[], None]
) -> Iterator[Part]:
    """Give what the last layer is to do for all samples, batch by batch."""
    for inputs, target in data.batches(batch_size):
        check()
        assert target is not None
        read: Any = (inputs[name] for name in ("x", "lengths", "future", "history"))
        with torch.no_grad():
            reads, offset, factor = map(_double, network.before_last_layer(*read))
        known = _double(target).reshape(len(reads), -1)
        counts = ~known.isnan() & (factor != 0)
        weight = torch.where(counts, factor**2, 0.0)
        if inputs["weight"] is not None:
            weight = weight * _double(inputs["weight"])[:, None]
        yield Part(reads, torch.where(counts, (known - offset) / factor, 0.0), weight)


def _double(values: Tensor) -> Tensor:
    # Not on the device: Metal has no double precision.
    return values.detach().cpu().double()
