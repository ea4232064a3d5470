"""One trained model: all that predicts, and all that goes on training."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .._version import __version__
from ..losses import LINKS, Loss
from ..network import TRACED, LSTMNetwork
from ..samples._encoding import Encoding
from ..samples._kinds import targets_from_state
from ..samples._targets import Targets
from ..windows._windows import Windows
from ._course import Course
from ._data import SequenceData
from ._net import SequenceNet
from ._plain import as_plain, as_tensors, is_plain, plain_or_own
from ._prediction import (
    attention_batches,
    predict_batches,
    state_batches,
    trace_batches,
)

Array = NDArray[Any]

# Values of the table that are made ready at once for prediction.
PREDICTION_VALUES = 1 << 20


@dataclass(frozen=True)
class Memory:
    """What training needs to go on.

    Attributes
    ----------
    settings : dict
        Parameters of the estimator with which the model was trained.
    seed : int
        From which all runs of training draw theirs.
    n_runs : int
        Calls of `fit` and `partial_fit` so far.
    optimizer, criterion : dict
        States of the optimiser and of the loss, which may have weights of its own. Without
        a state of the optimiser, None, training cannot go on.
    history : list of dict
        The epochs' rows.
    n_forgotten : int
        Epochs that are no longer among them.
    last_layer : dict of str to Tensor or None, default=None
        As it was trained, where the network has one that was solved anew.
    """

    settings: dict[str, Any]
    seed: int
    n_runs: int
    optimizer: dict[str, Any] | None
    criterion: dict[str, Any]
    history: list[dict[str, Any]]
    n_forgotten: int
    last_layer: dict[str, Any] | None = None

    @property
    def can_go_on(self) -> bool:
        """Whether there is what training needs: a file may have left it out."""
        return self.optimizer is not None

    def as_plain(self) -> dict[str, Any]:
        """Give the same as arrays and plain values.

        Of a user's own loss or optimiser only that there is one: the estimator's parameters
        have it. What callbacks noted is kept where it is plain.
        """
        settings = {name: plain_or_own(value) for name, value in self.settings.items()}
        state = as_plain({**vars(self), "settings": settings})
        state["history"] = [
            {name: value for name, value in row.items() if is_plain(value)}
            for row in state["history"]
        ]
        return state  # type: ignore[no-any-return]


class TrainedModel:
    """A network with all that it takes to predict, and to go on training.

    It never changes: whoever trains on works on a copy of the network. So an estimator can
    be given another in one step, while other threads predict with the one before.

    A pickle of it holds arrays and plain values alone, and the version that wrote it.

    Parameters
    ----------
    network : LSTMNetwork
        In eval mode.
    architecture : dict
        The arguments that it was made with.
    encoding : Encoding
        Of the sequences.
    targets : Targets
    link : str
        Name of what turns the network's outputs into predictions.
    course : Course
    memory : Memory
    net : SequenceNet or None, default=None
        The skorch net that trained it, if that was in this process.
    loss : Loss or None, default=None
        What it was trained with, if that was in this process.
    """

    def __init__(
        self,
        network: LSTMNetwork,
        architecture: dict[str, Any],
        encoding: Encoding,
        targets: Targets,
        link: str,
        course: Course,
        memory: Memory,
        net: SequenceNet | None = None,
        loss: Loss | None = None,
    ) -> None:
        self.network = network
        self.architecture = architecture
        self.encoding = encoding
        self.targets = targets
        self.link = link
        self.course = course
        self.memory = memory
        self.net = net
        self.loss = loss
        self.version = __version__

    # ------------------------------------------------------------------ prediction

    def in_eval(self) -> LSTMNetwork:
        """Give the network as it predicts, however who trains it further has left it.

        Returns
        -------
        network : LSTMNetwork
        """
        if self.network.training:
            self.network.eval()
        return self.network

    def predict(self, windows: Windows) -> Array:
        """Predict the parameters of each target, or the probability of each class.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_timesteps, n_features)

        Returns
        -------
        prediction : ndarray of shape (n_samples[, n_outputs], n_parameters) or \
                (n_samples, n_classes)
            A plain loss has one parameter, the prediction. With an output at each step
            the steps are the second axis; NaN where one is unobserved.
        """
        link = LINKS[self.link]
        network = self.in_eval()
        values = self._by_parts(windows, lambda data: predict_batches(network, link, data))
        return self.targets.decode(values, self.network.roles)

    def attention(self, windows: Windows) -> Array:
        """Give the weight of each step in attention pooling.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_timesteps, n_features)

        Returns
        -------
        weights : ndarray of shape (n_samples, n_timesteps)
        """
        return self._by_parts(windows, lambda data: attention_batches(self.in_eval(), data))

    def states(self, windows: Windows) -> Array:
        """Give what the head reads of each sequence.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_timesteps, n_features)

        Returns
        -------
        states : ndarray of shape (n_samples, state_size)
        """
        return self._by_parts(windows, lambda data: state_batches(self.in_eval(), data))

    def trace(self, windows: Windows, depth: int, *, backwards: bool) -> dict[str, Array]:
        """Give the gates and states of a recurrent layer at each step.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_timesteps, n_features)
        depth : int
            Number of the layer, from 0.
        backwards : bool
            Whether the second direction is asked for.

        Returns
        -------
        values : dict of str to ndarray of shape (n_samples, n_timesteps, hidden_size)
            By the names of `TRACED`; NaN where a step is unobserved.
        """
        values = self._by_parts(
            windows,
            lambda data: trace_batches(self.in_eval(), data, depth, backwards=backwards),
        )
        names = TRACED[self.architecture["cell"]]
        return {name: values[:, :, i] for i, name in enumerate(names)}

    def data(self, windows: Windows) -> SequenceData:
        """Give sequences as the network reads them.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_timesteps, n_features)

        Returns
        -------
        data : SequenceData
        """
        options = data_options(self.network, self.encoding)
        return SequenceData(windows, self.encoding.scaling, **options)

    def _by_parts(
        self, windows: Windows, compute: Callable[[SequenceData], Array]
    ) -> Array:
        """Let the network compute something of all sequences, part by part."""
        # Part by part the standardised rows take bounded memory, however many there are.
        n_windows = len(windows)
        n_at_once = max(1, PREDICTION_VALUES * n_windows // windows.table.size)
        if n_windows <= n_at_once:
            (part,) = windows.parts(n_windows)
            return compute(self.data(part))
        # A part of neighbouring windows reaches few rows.
        order = np.argsort(windows.ends, kind="stable")
        values, done = np.empty(0), 0
        for part in windows.take(order).parts(n_at_once):
            block = compute(self.data(part))
            if not done:
                values = np.empty((len(order), *block.shape[1:]), block.dtype)
            values[order[done : done + len(part)]] = block
            done += len(part)
        return values

    # ------------------------------------------------------------------ pickles

    def __getstate__(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "architecture": as_plain(self.architecture),
            "weights": as_plain(self.network.state_dict()),
            "device": str(self.network.device),
            "encoding": asdict(self.encoding),
            "targets": {"kind": self.targets.kind, **asdict(self.targets)},  # type: ignore[call-overload]
            "link": self.link,
            "course": asdict(self.course),
            "memory": self.memory.as_plain(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        try:
            self.__init__(**_arguments(state))  # type: ignore[misc]
            self.version = state["version"]
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
            version = state.get("version", "unknown") if isinstance(state, dict) else "?"
            raise ValueError(
                f"A model of sklstm {version} cannot be read by sklstm {__version__}:"
                f" {type(error).__name__}: {error}. Load it with the version that wrote it."
            ) from error


def _arguments(state: dict[str, Any]) -> dict[str, Any]:
    """Make the parts of a model of their plain values."""
    network = make_network(state["architecture"])
    network.load_state_dict(as_tensors(state["weights"]))
    device = torch.device(state["device"])
    if device.type == "cuda" and not torch.cuda.is_available():
        device = torch.device("cpu")
    return {
        "network": network.to(device).eval(),
        "architecture": state["architecture"],
        "encoding": Encoding.from_state(state["encoding"]),
        "targets": targets_from_state(state["targets"]),
        "link": state["link"],
        "course": Course(**state["course"]),
        "memory": Memory(**state["memory"]),
    }


def make_network(architecture: dict[str, Any]) -> LSTMNetwork:
    """Make a network of plain values.

    Parameters
    ----------
    architecture : dict
        Arguments of `LSTMNetwork`, with the name of the dtype.

    Returns
    -------
    network : LSTMNetwork
    """
    dtype = {"float32": torch.float32, "float64": torch.float64}[architecture["dtype"]]
    # The first network makes torch import parts of itself that set warning filters.
    with warnings.catch_warnings():
        return LSTMNetwork(**{**architecture, "dtype": dtype})


def data_options(network: LSTMNetwork, encoding: Encoding) -> dict[str, Any]:
    """Tell what the batches have to be like for a network.

    Parameters
    ----------
    network : LSTMNetwork
    encoding : Encoding

    Returns
    -------
    options : dict
        Arguments of `SequenceData`.
    """
    skip = network.skip
    return {
        "relative": encoding.relative,
        "zero_sizes": encoding.zero_sizes,
        "outputs": network.forecast_features,
        "season": encoding.season if skip is None else None,
        "running_season": network.forks is not None,
        "n_history": 0 if skip is None else skip.n_steps,
        "dtype": network.dtype,
        "device": network.device,
        "fill": not network.fills_missing,
        "per_step": network.return_sequences,
    }
