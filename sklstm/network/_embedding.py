"""Vectors for features that are categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ._make import make


class CategoryEmbedding(nn.Module):
    """Replace each categorical feature by a vector that is learnt for its value.

    A category that is missing, or was never seen, becomes a vector of zeros.

    Parameters
    ----------
    n_categories : mapping of int to int
        Categories of each categorical feature, by its number. They are 0, 1, ...
    embedding_size : int or None
        Length of the vectors; None is half the number of categories, rounded up, and at
        most 50.
    dtype : torch.dtype
        Type of the weights.

    Examples
    --------
    >>> embedding = CategoryEmbedding({1: 10}, 4, torch.float32)
    >>> embedding(torch.zeros(2, 7, 3)).shape
    torch.Size([2, 7, 6])
    """

    def __init__(
        self,
        n_categories: Mapping[int, int],
        embedding_size: int | None,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.n_categories = dict(n_categories)
        self.sizes = {
            feature: embedding_size or min(50, (n + 1) // 2)
            for feature, n in n_categories.items()
        }
        self.tables = nn.ModuleList(
            make(nn.Embedding, n + 1, self.sizes[feature], padding_idx=0, dtype=dtype)
            for feature, n in n_categories.items()
        )

    def forward(self, x: Tensor, features: Sequence[int] | None = None) -> Tensor:
        """Give the other features, then the vectors.

        Parameters
        ----------
        x : Tensor of shape (..., n_columns)
            NaN is missing; in the other features it becomes 0.
        features : sequence of int of length n_columns or None, default=None
            The feature that each column holds; None is all in their order.

        Returns
        -------
        z : Tensor of shape (..., output_size(features))
        """
        features = list(range(x.shape[-1])) if features is None else list(features)
        numeric = [i for i, f in enumerate(features) if f not in self.sizes]
        parts = [x[..., numeric].nan_to_num(0.0)]
        for (feature, n), table in zip(self.n_categories.items(), self.tables, strict=True):
            if feature in features:
                parts.append(table(_index(x[..., features.index(feature)], n)))
        return torch.cat(parts, dim=-1)

    @torch.no_grad()
    def forget_all_but(self, categories: Mapping[int, NDArray[np.intp]]) -> None:
        """Set the vectors of all other categories to zeros: training has not seen them.

        Parameters
        ----------
        categories : mapping of int to ndarray of int
            By the number of the feature.
        """
        for feature, weight in zip(
            self.n_categories, self.tables.parameters(), strict=True
        ):
            seen = torch.zeros(len(weight), 1, dtype=torch.bool)
            seen[torch.from_numpy(categories[feature]) + 1] = True
            weight.mul_(seen.to(weight.device))

    def output_size(self, features: Sequence[int]) -> int:
        """Count the features that `forward` gives for some columns."""
        return sum(self.sizes.get(feature, 1) for feature in features)


def _index(value: Tensor, n_categories: int) -> Tensor:
    """Give the row of each category: 0 for one that there is no row for."""
    known = (value >= 0) & (value < n_categories) & (value == value.floor())
    return torch.where(known, value + 1, 0.0).long()
