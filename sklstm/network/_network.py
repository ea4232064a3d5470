"""The network: normaliser, front end, recurrent core, pooling, head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..losses import POINT, Role, places_of_scales, with_least_scale
from ._convolution import CausalConvolutions, ConvolutionBranch
from ._core import RecurrentStack
from ._dropout import Dropout
from ._embedding import CategoryEmbedding
from ._forks import Forks
from ._head import Decoder, Head
from ._initialise import initialise
from ._instance_norm import InstanceNorm, InstanceNormMethod, Level
from ._mixed import MixedModule
from ._patches import Patches, count_patches
from ._pooling import Pooling, PoolingMethod
from ._running_norm import RunningNorm
from ._skip import SeasonalSkip
from ._step_attention import StepAttention
from ._stepwise import Cell

# Rows that the head takes at once, in prediction: a multiple of this.
HEAD_ROWS = 32


class LSTMNetwork(nn.Module):
    """Sequences in, one row of outputs each out, or one for each step.

    Parameters
    ----------
    input_size : int
        Features of a step.
    output_size : int
        Values of the head: `n_outputs` times those that `roles` names.
    hidden_size : int
        Units of each direction of each layer.
    num_layers : int, default=1
        Number of recurrent layers.
    dropout : float, default=0.0
        Probability of zero between layers and before the head.
    bidirectional : bool, default=False
        Whether the layers read in both directions.
    cell : {"lstm", "gru", "rnn", "peephole"}, default="lstm"
        Cell of the recurrent layers.
    layer_norm : bool, default=False
        Whether the gates are normalised.
    memory_length : int or None, default=None
        Steps for which the gates begin open.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        How the states of all steps become one.
    head_sizes : sequence of int, default=()
        Units of the head's hidden layers.
    patch_length : int, default=1
        Steps that become one recurrent step.
    convolution : {"before", "beside"} or None, default=None
        Where convolutions stand: before the recurrent layers, or beside them.
    conv_filters, conv_kernel_sizes : sequence of int, default=()
        Features that each convolution gives, and steps that it reads.
    squeeze_excite : bool, default=False
        Whether convolutions beside are followed by a squeeze-and-excite block.
    categories : mapping of int to sequence of int or None, default=None
        Known categories of each categorical feature, by its number; sorted.
    embedding_size : int or None, default=None
        Length of a category's vector.
    future_shape : tuple of int (n_leads, n_known), default=(0, 0)
        Rows after a sequence, and features known in each, that the head reads.
    future_features : sequence of int of length n_known, default=()
        Numbers of these features.
    decode : bool, default=False
        Whether the head is a second recurrent layer that goes through these rows.
    instance_norm : {"last", "level", "standard", "affine"} or None, default=None
        Whether each sequence is seen relative to its own level.
    level_decay : float, default=0.5
        Of "level": the weight of a step beside the one after it.
    target_features : sequence of int of length n_outputs, default=()
        The feature that each output forecasts, for `instance_norm`; if empty, outputs are
        no forecasts, and all features that are no categories have a level.
    reads_level : bool, default=False
        Whether the head reads the level of each sequence, too, where outputs are no
        forecasts.
    return_sequences : bool, default=False
        Whether there are outputs after each step, not after the last alone. With
        `pooling` "attention" each reads the states of the others.
    least_seen : int or None, default=None
        In training there are outputs after each patch, too, once so many observed steps
        have been read. A level is then that of the steps so far. None: after the last step
        alone.
    relative : sequence of int, default=()
        With `least_seen`, features that are seen in units of their own size.
    skip : tuple of (length, n_periods, leads) or None, default=None
        The steps and the number of past periods whose mean the outputs begin from, and how
        many steps ahead they lie; they forecast `target_features`.
    roles : sequence of Role, default=("location",)
        What each value is that the head gives for an output.
    begins : sequence of float, default=()
        What the head gives for each of these before training; empty is about 0.
    dtype : torch.dtype, default=torch.float32
        Type of the weights.
    seed : int, default=0
        Governs the initial weights.

    Attributes
    ----------
    hidden_size : int
    num_layers : int
        Recurrent layers, of which each direction counts.
    width : int
        The most values that a layer gives at a step.
    state_size : int
        Values that the head reads of a sequence.
    mixes_samples : bool
        Whether in training what a sample gives depends on the others of its batch.
    is_stepwise : bool
        Whether Python goes through the steps.
    forecast_features : tuple of int of length n_outputs, or ()
        The feature that each output forecasts, if it does.
    forks : Forks or None
        The steps from which there are outputs in training; None is the last.

    Examples
    --------
    >>> network = LSTMNetwork(3, 2, 8, patch_length=4, pooling="attention")
    >>> network(torch.zeros(5, 10, 3)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        cell: Cell = "lstm",
        layer_norm: bool = False,
        memory_length: int | None = None,
        pooling: PoolingMethod = "last",
        head_sizes: Sequence[int] = (),
        patch_length: int = 1,
        convolution: Literal["before", "beside"] | None = None,
        conv_filters: Sequence[int] = (),
        conv_kernel_sizes: Sequence[int] = (),
        squeeze_excite: bool = False,
        categories: Mapping[int, Sequence[int]] | None = None,
        embedding_size: int | None = None,
        future_shape: tuple[int, int] = (0, 0),
        future_features: Sequence[int] = (),
        decode: bool = False,
        instance_norm: InstanceNormMethod | None = None,
        level_decay: float = 0.5,
        target_features: Sequence[int] = (),
        reads_level: bool = False,
        return_sequences: bool = False,
        least_seen: int | None = None,
        relative: Sequence[int] = (),
        skip: tuple[int, int, Sequence[int]] | None = None,
        roles: Sequence[Role] = POINT,
        begins: Sequence[float] = (),
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.num_layers = num_layers * (2 if bidirectional else 1)
        self.width = max(hidden_size, *(conv_filters if convolution else ()), 1)
        self.mixes_samples = convolution == "beside"
        self.is_stepwise = layer_norm or cell != "lstm"
        self.dtype = dtype
        self.forecast_features = tuple(target_features)
        self.future_features = tuple(future_features)
        self.roles = tuple(roles)
        self.scales: Tensor | None
        scales = places_of_scales(roles, output_size)
        self.register_buffer("scales", scales, persistent=False)
        self.return_sequences = return_sequences

        # Input normaliser.
        categories = categories or {}
        self.normaliser = None
        self.reads_level = reads_level and instance_norm is not None
        self.forks = None if least_seen is None else Forks(least_seen, patch_length)
        if instance_norm is not None:
            make_norm: Callable[..., InstanceNorm] = InstanceNorm
            if self.forks is not None:
                make_norm = partial(RunningNorm, relative=relative, forks=self.forks)
            self.normaliser = make_norm(
                instance_norm,
                input_size,
                categories,
                target_features,
                dtype,
                roles,
                level_decay,
                describes=self.reads_level,
            )
        self.skip = None
        if skip is not None:
            self.skip = SeasonalSkip(*skip, target_features, dtype, roles)
        # Front end: an embedding, then convolutions (or a branch beside), then patches.
        self.embedding = None
        if categories:
            self.embedding = CategoryEmbedding(categories, embedding_size, dtype)
            input_size = self.embedding.output_size(range(input_size))
            n_known = self.embedding.output_size(future_features)
            future_shape = (future_shape[0], n_known)
        self.branch = None
        if convolution == "beside":
            self.branch = ConvolutionBranch(
                input_size, conv_filters, conv_kernel_sizes, squeeze_excite, dtype
            )
        self.convolutions = None
        if convolution == "before":
            self.convolutions = CausalConvolutions(
                input_size, conv_filters, conv_kernel_sizes, dtype
            )
            input_size = conv_filters[-1]
        self.patch_length = patch_length
        self.patches = None
        if patch_length > 1:
            self.patches = Patches(patch_length, input_size, hidden_size, dtype)
            input_size = hidden_size
        # Recurrent core and pooling.
        self.core = RecurrentStack(
            cell,
            input_size,
            hidden_size,
            num_layers,
            dropout=dropout,
            bidirectional=bidirectional,
            layer_norm=layer_norm,
            dtype=dtype,
        )
        state_size = self.core.output_size
        self.step_attention = None
        if return_sequences and pooling == "attention":
            self.step_attention = StepAttention(state_size, not bidirectional, dtype)
            pooling = "last"
        self.pooling = Pooling(pooling, state_size, hidden_size, dtype)
        self.dropout = Dropout(dropout)
        # Head.
        if self.branch is not None:
            state_size += conv_filters[-1]
        if self.normaliser is not None and self.reads_level:
            state_size += self.normaliser.n_described
        self.state_size = state_size
        self.head: Head | Decoder
        if decode:
            self.head = Decoder(
                state_size,
                output_size,
                head_sizes,
                future_shape,
                cell,
                hidden_size,
                layer_norm,
                dropout,
                dtype,
            )
        else:
            self.head = Head(
                state_size, output_size, head_sizes, future_shape, dropout, dtype
            )
        if memory_length is not None:
            memory_length = count_patches(memory_length, patch_length)
        initialise(self, torch.Generator("cpu").manual_seed(seed), memory_length)
        if begins:
            self.head.begin_at(begins)
        self._dropouts = [m for m in self.modules() if isinstance(m, Dropout)]

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        future: Tensor | None = None,
        history: Tensor | None = None,
    ) -> Tensor:
        """Give the outputs of the head.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
            Standardised inputs; observed steps first, oldest of them first. Without NaN,
            unless there is a normaliser or an embedding to fill it.
        lengths : Tensor of int of shape (n_samples,) or None, default=None
            Number of observed steps of each sequence; None if all are.
        future : Tensor of shape (n_samples, n_leads, n_known) or None, default=None
            What is known of the rows after each sequence, standardised.
        history : Tensor of shape (n_samples, n_periods * length, n_forecast_features) or \
                None, default=None
            With `skip`, the last periods of what is forecast, in the order of time; NaN is
            missing.

        Returns
        -------
        output : Tensor of shape (n_samples[, n_timesteps], output_size)
            With `return_sequences`, observed steps first. With `least_seen`, in training,
            of shape (n_samples, n_forks, output_size); `future` and `history` then have
            that second axis, too.
        """
        read, level = self.read(x, lengths)
        if self.forks is not None and self.training:
            return self._forked(x, read, lengths, future, history)
        return self.respond(read, level, lengths, future, history)

    def _forked(
        self,
        x: Tensor,
        read: Tensor,
        lengths: Tensor | None,
        future: Tensor | None,
        history: Tensor | None,
    ) -> Tensor:
        """Give the outputs from all steps, as if each ended a sequence."""
        forks: Any = self.forks
        hidden, _ = self._hidden(read, lengths)
        state = self.dropout(hidden[:, forks.n_left_out :])
        shape = state.shape[:2]
        level = None
        if isinstance(self.normaliser, RunningNorm):
            at_forks = self.normaliser.at_forks(x, lengths)
            level = Level(*(part.flatten(0, 1) for part in at_forks))
        future, history = (
            None if part is None else part.flatten(0, 1) for part in (future, history)
        )
        return self._forecast(state.flatten(0, 1), level, future, history).unflatten(
            0, shape
        )

    def read(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Level | None]:
        """Give what the layers read: numbers, without their level; and the level.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
        lengths : Tensor of int of shape (n_samples,) or None

        Returns
        -------
        read : Tensor of shape (n_samples, n_timesteps, n_read)
            The features that are no categories, then the vectors of those.
        level : Level or None
        """
        level = None
        if self.normaliser is not None:
            x, level = self.normaliser(x, lengths)
        return self._numeric(x), level

    def read_features(self, n_features: int) -> list[int]:
        """Tell the feature that each column of what is read belongs to.

        Parameters
        ----------
        n_features : int
            Features of a step.

        Returns
        -------
        features : list of int of length n_read
        """
        if self.embedding is None:
            return list(range(n_features))
        return self.embedding.features_of_columns(n_features)

    def respond(
        self,
        read: Tensor,
        level: Level | None,
        lengths: Tensor | None,
        future: Tensor | None = None,
        history: Tensor | None = None,
    ) -> Tensor:
        """Give the outputs of the head for what has been read.

        Parameters
        ----------
        read, level
            As `read` gives them.
        lengths, future, history
            As in `forward`.

        Returns
        -------
        output : Tensor of shape (n_samples[, n_timesteps], output_size)
        """
        if self.return_sequences:
            states = self.dropout(self._step_states(read, lengths))
            output = self._outputs(states.flatten(0, 1), None)
            return with_least_scale(output.unflatten(0, states.shape[:2]), self.scales)
        return self._forecast(self.state(read, level, lengths), level, future, history)

    def _forecast(
        self,
        state: Tensor,
        level: Level | None,
        future: Tensor | None,
        history: Tensor | None,
    ) -> Tensor:
        """Give the outputs of the head for states, with their level."""
        if future is not None:
            future = self._numeric(future, self.future_features)
        output = with_least_scale(self._outputs(state, future), self.scales)
        return self._restored(output, level, history)

    def _restored(
        self, output: Tensor, level: Level | None, history: Tensor | None
    ) -> Tensor:
        """Put back what the head does not see: the level, and the season's forecast."""
        if self.normaliser is not None and level is not None:
            output = self.normaliser.restore(output, level)
        if self.skip is None or history is None:
            return output
        return self.skip(output, history, None if level is None else level.center)

    def before_last_layer(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        future: Tensor | None = None,
        history: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Give what the last layer reads, and what its outputs are to those of the network.

        Parameters
        ----------
        x, lengths, future, history
            As in `forward`.

        Returns
        -------
        read : Tensor of shape (n_samples, n_values)
        offset, factor : Tensor of shape (n_samples, output_size)
            An output is the offset and, times the factor, what the last layer gives.
        """
        read, level = self.read(x, lengths)
        state = self.state(read, level, lengths)
        if future is not None:
            future = self._numeric(future, self.future_features)
        values = self.head.before_last_layer(state, future)  # type: ignore[operator]
        nothing = values.new_zeros(len(values), self.head.linear.out_features)  # type: ignore[union-attr, arg-type]
        offset = self._restored(nothing, level, history)
        return values, offset, self._restored(nothing + 1, level, history) - offset

    def state(self, read: Tensor, level: Level | None, lengths: Tensor | None) -> Tensor:
        """Give all that the head reads of a sequence.

        Parameters
        ----------
        read, level, lengths
            As in `respond`.

        Returns
        -------
        state : Tensor of shape (n_samples, state_size)
            The pooled states; what the convolutions beside give; the level described.
        """
        state = self.dropout(self.pooling(*self._hidden(read, lengths)))
        if self.branch is not None:
            state = torch.cat([state, self.branch(read, lengths)], dim=1)
        if self.normaliser is not None and level is not None and self.reads_level:
            state = torch.cat([state, self.normaliser.described(level)], dim=1)
        return state

    def _numeric(self, x: Tensor, features: Sequence[int] | None = None) -> Tensor:
        """Look categories up; what is missing becomes 0, the training mean."""
        if self.embedding is not None:
            return self.embedding(x, features)
        return x if self.normaliser is None else x.nan_to_num(0.0)

    def _hidden(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Give the hidden states, and how many of each sequence are observed."""
        x, lengths = self._in_front(x, lengths)
        return self.core(x, lengths), lengths

    def _step_states(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Give what the head reads of each step."""
        hidden, lengths = self._hidden(x, lengths)
        if self.step_attention is None:
            return hidden
        return self.step_attention(hidden, lengths)

    def _in_front(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Give what the recurrent layers read."""
        if self.convolutions is not None:
            x = self.convolutions(x)
        if self.patches is not None:
            x, lengths = self.patches(x, lengths)
        return x, lengths

    def _outputs(self, state: Tensor, future: Tensor | None) -> Tensor:
        """Give what the head says, in prediction of a filled-up batch."""
        if self.training:
            return self.head(state, future)
        filled = None if future is None else _filled_up(future)
        return self.head(_filled_up(state), filled)[: state.shape[0]]

    def attention(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Give the weight of each step, for attention pooling.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
        lengths : Tensor of int of shape (n_samples,) or None, default=None

        Returns
        -------
        weights : Tensor of shape (n_samples, n_timesteps) or \
                (n_samples, n_timesteps, n_timesteps)
            Of the observed steps, first; the steps of a patch share its weight. With
            `return_sequences` a row for each step, of those that it reads.
        """
        read, _ = self.read(x, lengths)
        if self.step_attention is not None:
            return self.step_attention.weights(*self._hidden(read, lengths))
        weights = self.pooling.weights(*self._hidden(read, lengths))
        if self.patches is None:
            return weights
        return self.patches.shared(weights, lengths, x.shape[1])

    def trace(
        self, x: Tensor, lengths: Tensor | None, depth: int, *, backwards: bool
    ) -> dict[str, Tensor]:
        """Give the gates and states of one recurrent layer at each step.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
        lengths : Tensor of int of shape (n_samples,) or None
        depth : int
            Number of the layer, from 0.
        backwards : bool
            Whether the second direction is asked for.

        Returns
        -------
        values : dict of str to Tensor of shape (n_samples, n_timesteps, hidden_size)
            Observed steps first; all steps of a patch have its values.
        """
        read, _ = self.read(x, lengths)
        values = self.core.trace(*self._in_front(read, lengths), depth, backwards=backwards)
        if self.patches is None:
            return values
        spread = self.patches.spread
        return {name: spread(value, lengths, x.shape[1]) for name, value in values.items()}

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        # To walk through all modules for it takes longer than some of them compute.
        first = next(iter(self.core.layers._modules.values()))
        weights = first.forwards._parameters.values()  # type: ignore[union-attr]
        return next(iter(weights)).device  # type: ignore[union-attr]

    @property
    def fills_missing(self) -> bool:
        """Whether inputs may be NaN."""
        return self.normaliser is not None or self.embedding is not None

    def count_steps(self, n_timesteps: int) -> int:
        """Count the steps that the network takes through sequences of a length."""
        if self.branch is not None or self.convolutions is not None:
            return n_timesteps
        return count_patches(n_timesteps, self.patch_length)

    def drops(self) -> bool:
        """Tell whether any value is dropped in training."""
        return any(dropout.p > 0 for dropout in self._dropouts)

    def set_mixed(self, mixed: bool) -> None:
        """Let recurrent layers and convolutions compute with bfloat16 in training, or not.

        Parameters
        ----------
        mixed : bool
        """
        for module in self.modules():
            if isinstance(module, MixedModule):
                module.trains_mixed = mixed

    def set_dropout(self, p: float) -> None:
        """Let all dropout have another probability.

        Parameters
        ----------
        p : float
        """
        for dropout in self._dropouts:
            dropout.p = p

    def seed_dropout(self, seed: int, device: torch.device) -> None:
        """Give all dropout one generator, on the device where the network computes.

        Parameters
        ----------
        seed : int
        device : torch.device
        """
        generator = torch.Generator(device).manual_seed(seed)
        for dropout in self._dropouts:
            dropout.generator = generator


def _filled_up(rows: Tensor) -> Tensor:
    """Add rows of zeros up to a multiple of `HEAD_ROWS`.

    A matrix product sums in another order for a few rows, or an odd number of them, than
    for many. Filled up, the head gives a row the same bits whatever else is in the call.
    """
    missing = -rows.shape[0] % HEAD_ROWS  # sooner than `len` tells
    return torch.cat([rows, rows.new_zeros(missing, *rows.shape[1:])])
