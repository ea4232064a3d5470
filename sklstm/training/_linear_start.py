"""A head that begins with what the levels of sequences tell of their targets."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from ..fitting._ranks import of_all_rows
from ..losses import LOCATED
from ..network import LSTMNetwork
from ._batches import Inputs


@torch.no_grad()
def begin_linear(
    network: LSTMNetwork, batches: Iterable[tuple[Inputs, Tensor | None]]
) -> None:
    r"""Let the head begin with the linear regression of targets on levels.

    A state is learnt in many small steps, and a level that tells a target straight away
    should not have to wait for it. The slopes are believed as far as they are more than
    chance would make them, with the factor :math:`\max(0, 1 - 1 / F)` of James and Stein
    [1]_, where :math:`F` is that of the regression.

    Parameters
    ----------
    network : LSTMNetwork
        Its normaliser knows the levels' units.
    batches : iterable of (inputs, target)
        The training samples.

    References
    ----------
    .. [1] James, W. & Stein, C. (1961). Estimation with quadratic loss. Proc. Fourth
       Berkeley Symposium, vol. 1.
    """
    norm = network.normaliser
    if norm is None or not network.reads_level:
        return
    levels, targets, weights = [], [], []
    for inputs, target in batches:
        x, weight = inputs["x"], inputs["weight"]
        if x is None or target is None:
            return
        # On the CPU: a GPU has no solver for columns that tell the same.
        levels.append(norm.described(norm.level(x, inputs["lengths"])).double().cpu())
        targets.append(target.double().reshape(len(target), -1).cpu())
        weight = torch.ones_like(targets[-1][:, 0]) if weight is None else weight.cpu()
        weights.append(weight)
    own = torch.cat(levels), torch.cat(targets), torch.cat(weights)
    parts = zip(*of_all_rows("levels of samples", own), strict=True)
    slopes = believed_slopes(*(torch.cat(part) for part in parts))
    located = torch.tensor([role in LOCATED for role in network.roles], device="cpu")
    per_value = torch.where(located[:, None], slopes[:, None], 0.0).flatten(0, 1)
    network.head.begin_linear(per_value)


def believed_slopes(x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    """Regress targets on features, and shrink the slopes by their F statistic.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_features)
    y : Tensor of shape (n_samples, n_outputs)
        NaN is missing.
    weight : Tensor of shape (n_samples,)

    Returns
    -------
    slopes : Tensor of shape (n_outputs, n_features)

    Examples
    --------
    >>> x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    >>> believed_slopes(x, 2 * x + 1, torch.ones(4)).round(decimals=2)
    tensor([[2.]])
    """
    slopes = torch.zeros(y.shape[1], x.shape[1], dtype=x.dtype, device=x.device)
    for i, target in enumerate(y.T):
        share = weight.to(x.dtype).where(~target.isnan(), 0.0)
        n, p = int((share > 0).sum()), x.shape[1]
        if n <= p + 1:
            continue
        share = share / share.sum()
        target = target.nan_to_num(0.0)
        centred, rest = x - share @ x, target - share @ target
        root = share.sqrt()[:, None]
        found = torch.linalg.lstsq(root * centred, root * rest[:, None], driver="gelsd")
        slope = found.solution[:, 0]
        total = share @ rest**2
        unexplained = share @ (rest - centred @ slope) ** 2
        chance = unexplained / (n - p - 1)
        explained = (total - unexplained) / p
        if explained > chance:
            slopes[i] = (1 - chance / explained) * slope
    return slopes
