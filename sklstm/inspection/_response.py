"""What a model answers to what its layers read: in the target's units, differentiable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..losses import LINKS, Loss, in_units
from ..network import Level
from ..training import SequenceData, TrainedModel

# Relative step of the differences by which a point is differentiated.
STEP = 1e-6


class Frame(NamedTuple):
    """All that stays as it is while the steps of some sequences change.

    Attributes
    ----------
    level : Level or None
        That the normaliser has taken out.
    inputs : dict
        Of the batch: lengths, future, history, size and shift.
    """

    level: Level | None
    inputs: dict[str, Any]


class Response:
    """The prediction of one target, as a function of what the layers read.

    Parameters
    ----------
    model : TrainedModel
    loss : Loss
        That was trained.
    target : int or None
        Number of the output, or of the class. None is the class that is predicted.
    """

    def __init__(self, model: TrainedModel, loss: Loss, target: int | None) -> None:
        self.model = model
        self.loss = loss
        self.target = target

    def read(self, data: SequenceData, index: Tensor) -> tuple[Tensor, Frame]:
        """Give what the layers read of some samples.

        Parameters
        ----------
        data : SequenceData
        index : Tensor of int of shape (n_samples,)

        Returns
        -------
        read : Tensor of shape (n_samples, n_timesteps, n_read)
            Observed steps first.
        frame : Frame
        """
        inputs: Any = data.gather(index)[0]
        with torch.no_grad():
            read, level = self.model.in_eval().read(inputs["x"], inputs["lengths"])
        return read, Frame(level, inputs)

    def classes(self, read: Tensor, frame: Frame) -> Tensor:
        """Give the number of the target of each sample.

        Parameters
        ----------
        read, frame
            As `read` gives them.

        Returns
        -------
        target : Tensor of int of shape (n_samples, 1)
        """
        if self.target is not None:
            return torch.full((len(read), 1), self.target, device=read.device)
        with torch.no_grad():
            return self._values(read, frame).argmax(dim=1, keepdim=True)

    def __call__(self, read: Tensor, frame: Frame, target: Tensor) -> Tensor:
        """Give the prediction.

        Parameters
        ----------
        read, frame
            As `read` gives them; `read` may have been changed.
        target : Tensor of int of shape (n_samples, 1)

        Returns
        -------
        prediction : Tensor of float64 of shape (n_samples,)
        """
        return self._values(read, frame).gather(1, target)[:, 0]

    def _values(self, read: Tensor, frame: Frame) -> Tensor:
        """Give all predictions, of shape (n_samples, n_outputs or n_classes)."""
        inputs, network = frame.inputs, self.model.in_eval()
        output = network.respond(
            read, frame.level, inputs["lengths"], inputs["future"], inputs["history"]
        )
        values = LINKS[self.model.link](output, network.roles).double()
        if self.model.link == "softmax":
            return values
        size, shift = inputs["size"], inputs["shift"]
        if size is not None or shift is not None:
            shift, size = 0.0 if shift is None else shift, 1.0 if size is None else size
            values = in_units(values, network.roles, shift, size)
        scaling = getattr(self.model.targets, "scaling", None)
        if scaling is not None:
            units = (
                torch.from_numpy(part).to(values) for part in (scaling.mean, scaling.scale)
            )
            values = in_units(values, network.roles, *units)
        point: Tensor = _Point.apply(values, self.loss)  # type: ignore[no-untyped-call]
        return point


class _Point(torch.autograd.Function):
    """The point that a loss makes of its parameters, which NumPy computes.

    Its slopes are differences: whatever the loss, a user's own included.
    """

    @staticmethod
    def forward(context: Any, parameters: Tensor, loss: Loss) -> Tensor:
        values = parameters.detach().cpu().numpy()
        context.values, context.loss = values, loss
        return _tensor(loss.point(values), parameters)

    @staticmethod
    def backward(context: Any, slope: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        values, point = context.values, context.loss.point
        slopes = np.empty_like(values)
        for i in range(values.shape[-1]):
            step = STEP * np.maximum(np.abs(values[..., i]), 1.0)
            above, below = values.copy(), values.copy()
            above[..., i] += step
            below[..., i] -= step
            slopes[..., i] = (point(above) - point(below)) / (2 * step)
        return slope[..., None] * _tensor(slopes, slope), None


def _tensor(values: NDArray[Any], like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(like)


@contextmanager
def gradients(device: torch.device) -> Iterator[None]:
    """Let gradients flow through a network in eval mode, whatever the caller has set.

    Parameters
    ----------
    device : torch.device
        Where the network is. cuDNN's recurrent layers have no gradients in eval mode.
    """
    with torch.inference_mode(False), torch.enable_grad():
        if device.type != "cuda":
            yield
            return
        with (
            torch.backends.cudnn.flags(enabled=False),
            torch.autocast("cuda", enabled=False),
        ):
            yield
