"""Vectors for features that are categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ._make import make


class CategoryEmbedding(nn.Module):
    """Replace each categorical feature by a vector that is learnt for its value.

    A category that is missing, or is not among the known ones, becomes a vector of zeros.

    Parameters
    ----------
    categories : mapping of int to sequence of int
        Known categories of each categorical feature, by its number; sorted.
    embedding_size : int or None
        Length of the vectors; None is half the number of categories, rounded up, and at
        most 50.
    dtype : torch.dtype
        Type of the weights.

    Examples
    --------
    >>> embedding = CategoryEmbedding({1: [3, 7, 2000]}, 4, torch.float32)
    >>> embedding(torch.zeros(2, 7, 3)).shape
    torch.Size([2, 7, 6])
    """

    def __init__(
        self,
        categories: Mapping[int, Sequence[int]],
        embedding_size: int | None,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.sizes = {
            feature: embedding_size or min(50, max(1, (len(known) + 1) // 2))
            for feature, known in categories.items()
        }
        self.lookups = nn.ModuleList(
            CategoryVectors(known, self.sizes[feature], dtype)
            for feature, known in categories.items()
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
        for feature, lookup in zip(self.sizes, self.lookups, strict=True):
            if feature in features:
                parts.append(lookup(x[..., features.index(feature)]))
        return torch.cat(parts, dim=-1)

    def output_size(self, features: Sequence[int]) -> int:
        """Count the features that `forward` gives for some columns."""
        return sum(self.sizes.get(feature, 1) for feature in features)

    def features_of_columns(self, n_features: int) -> list[int]:
        """Tell the feature that each column that `forward` gives belongs to."""
        numeric = [feature for feature in range(n_features) if feature not in self.sizes]
        vectors = [feature for feature, size in self.sizes.items() for _ in range(size)]
        return numeric + vectors


class CategoryVectors(nn.Module):
    """The vectors of one feature's categories.

    Parameters
    ----------
    known : sequence of int
        Categories, sorted; may be far apart.
    size : int
        Length of the vectors.
    dtype : torch.dtype
        Type of the weights.

    Examples
    --------
    >>> vectors = CategoryVectors([3, 2000], 4, torch.float32)
    >>> vectors(torch.tensor([2000.0, 3.0])).shape
    torch.Size([2, 4])
    """

    known: Tensor

    def __init__(self, known: Sequence[int], size: int, dtype: torch.dtype) -> None:
        super().__init__()
        values = torch.as_tensor(known, dtype=dtype, device="cpu")
        # No value is greater: what is found behind the last category is unknown too.
        last = torch.full((1,), torch.inf, dtype=dtype, device="cpu")
        self.register_buffer("known", torch.cat([values, last]))
        self.table = make(nn.Embedding, len(values) + 1, size, padding_idx=0, dtype=dtype)

    def forward(self, value: Tensor) -> Tensor:
        """Look values up.

        Parameters
        ----------
        value : Tensor of shape (...)

        Returns
        -------
        vectors : Tensor of shape (..., size)
        """
        value = value.nan_to_num(-1.0).contiguous()
        row = torch.searchsorted(self.known, value)
        return self.table(torch.where(self.known[row] == value, row + 1, 0))
