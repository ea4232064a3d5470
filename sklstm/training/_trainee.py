"""What a net is to those who listen to its training, or compute its batches."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from ..network import LSTMNetwork
from ._batches import Batches, Inputs
from ._data import SequenceData
from ._pieces import Sizes

Batch = tuple[Inputs, Tensor]
Step = dict[str, Tensor]


class Trainee(Protocol):
    """A net in training.

    Attributes
    ----------
    module_ : LSTMNetwork
    optimizer_ : torch.optim.Optimizer
    criterion_ : torch.nn.Module
        Its `is_samplewise` tells whether a batch may be cut.
    history : list of dict
        A row for each epoch, the present one among them.
    batch_size : int
    generator_ : torch.Generator
        Governs shuffling and dropout.
    n_epochs : int
        Epochs so far, in all calls together.
    """

    module_: LSTMNetwork
    optimizer_: torch.optim.Optimizer
    criterion_: Any
    batch_size: int
    generator_: torch.Generator

    @property
    def history(self) -> Any: ...

    @property
    def n_epochs(self) -> int: ...

    def weights(self) -> list[Tensor]:
        """Give what the optimiser changes."""

    def sizes(self, n_timesteps: int, n_features: int) -> Sizes:
        """Give what decides how the network's work is cut."""

    def get_iterator(self, dataset: SequenceData, training: bool = False) -> Batches:
        """Give the batches of an epoch, shuffled in training."""

    def infer(self, x: Inputs) -> Tensor:
        """Run the network on a batch."""

    def get_loss(
        self, y_pred: Tensor, y_true: Tensor, X: Any = None, training: bool = False
    ) -> Tensor:
        """Give the mean loss of a batch."""

    def train_step_single(self, batch: Batch) -> Step:
        """Compute the loss of a batch and its gradient."""

    def validation_step(self, batch: Batch) -> Step:
        """Compute the loss of a batch, without gradients."""
