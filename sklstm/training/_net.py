"""The skorch net that trains a network on sequences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import ClassifierTags
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor

from ._batches import Batches, Inputs
from ._clipping import clip_gradients
from ._course import Course
from ._data import SequenceData
from ._deck import Deck
from ._hooks import StopTraining, call_hooks, hear_batches
from ._linear_start import begin_linear
from ._listeners import TrainingListener
from ._pieces import Sizes, count_predicted
from ._side_by_side import SideBySide
from ._threads import OwnThreads
from ._trainee import Batch, Step


class SequenceNet(NeuralNet):
    """A skorch net that gathers its batches and waits for the device once an epoch.

    What skorch does a batch at a time (collate samples one by one, read the loss back,
    call every callback) costs more than a small LSTM's step. Here a batch is one gather,
    the loss is read once an epoch, and callbacks hear of batches only if one of them
    listens to batches.

    Parameters
    ----------
    *args, **kwargs
        As `skorch.NeuralNet` takes them.
    link : callable (output) -> Tensor
        Turns outputs into predictions.
    n_classes : int or None, default=None
        Number of classes, if the predictions are probabilities.
    max_grad_norm : float or None
        Gradients of a larger norm are scaled down to it.
    weight_decay : float or None, default=None
        Goes to the optimiser; None leaves its own.
    seed : int
        Governs shuffling and dropout.
    earlier : SequenceNet or None, default=None
        A net whose callbacks, if they are the same, go on in this one.

    Attributes
    ----------
    n_forgotten : int
        Epochs that are no longer in the history.
    """

    def __init__(
        self,
        *args: Any,
        link: Any,
        n_classes: int | None = None,
        max_grad_norm: float | None = None,
        weight_decay: float | None = None,
        seed: int = 0,
        earlier: SequenceNet | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.link = link
        self.n_classes = n_classes
        self.max_grad_norm = max_grad_norm
        self.weight_decay = weight_decay
        self.seed = seed
        self.generator_ = torch.Generator("cpu").manual_seed(seed)
        self.n_forgotten = 0
        self._going_on: list[tuple[str, Callback]] | None = None
        if earlier is not None and earlier.callbacks == self.callbacks:
            self._going_on = earlier.callbacks_
        self._threads: OwnThreads | None = None
        self.deck = Deck(self.generator_)
        self._n_batches = 0

    # ------------------------------------------------------------------ training

    def learn_levels(self, data: SequenceData) -> None:
        """Let the network's normaliser, if it has one, learn its constants.

        Parameters
        ----------
        data : SequenceData
        """
        if self.module_.normaliser is not None:
            size = self.count_predicted(data)
            self.module_.normaliser.learn(
                (inputs["x"], inputs["lengths"], target, inputs["weight"])
                for inputs, target in data.batches_for_levels(size)
            )
            begin_linear(self.module_, data.batches(size))

    def train_epochs(
        self,
        train: SequenceData,
        valid: SequenceData | None,
        rounds: tuple[int, int],
        batches: SideBySide,
        listeners: Sequence[TrainingListener] = (),
        take_up: Callable[[], int] | None = None,
    ) -> None:
        """Train for some epochs, or until a callback or a listener asks to stop.

        Parameters
        ----------
        train : SequenceData
        valid : SequenceData or None
            Judges each epoch.
        rounds : tuple of int (n_epochs, n_batches)
            Epochs, and batches of each. What is left of a pass through the samples is for
            the epochs that follow.
        batches : SideBySide
            Computes the batches, where this is called. Callbacks are called where its
            threads are waited for.
        listeners : sequence of TrainingListener
            Are told of each epoch after the callbacks.
        take_up : callable () -> int or None, default=None
            Puts back what an earlier run was in the midst of, once all else is ready, and
            gives the number of epochs that need not be trained any more.

        Raises
        ------
        ValueError
            If the loss or a weight becomes NaN or infinite.
        Interrupted
            If nobody waits for the training any more.
        """
        self._threads = batches.threads
        try:
            self._seed_dropout()
            epochs, self._n_batches = rounds
            self.max_epochs = epochs  # as skorch's callbacks read it
            self.deck.clear()
            # Callbacks get the data as a dataset; it is large and must not stay in the net.
            self.notify("on_train_begin", X=train, y=None)
            if take_up is not None:
                epochs -= take_up()
            self.fit_loop(
                (train, valid), epochs=epochs, batches=batches, listeners=listeners
            )
            self.notify("on_train_end", X=train, y=None)
        finally:
            self._threads = None
            self.deck.clear()
            self.module_.eval()

    def fit_loop(
        self,
        X: Any,
        y: Any = None,
        epochs: int | None = None,
        *,
        batches: SideBySide,
        listeners: Sequence[TrainingListener] = (),
        **fit_params: Any,
    ) -> SequenceNet:
        """Run the epochs; `X` is the pair of training and validation data."""
        train, valid = X
        data = {"dataset_train": train, "dataset_valid": valid}
        after_step = [listener for listener in listeners if listener.hears_steps()]
        for _ in range(self.max_epochs if epochs is None else epochs):
            for listener in listeners:
                listener.on_epoch_begin(self)
            batches.begin_epoch(partial(self.notify, "on_epoch_begin", **data))
            self.run_single_epoch(
                batches.to_learn(train, self._n_batches),
                True,
                "train",
                partial(self.train_step, learn=batches.learn),
                after_step=after_step,
            )
            for listener in listeners:
                listener.on_last_step(self)
            if valid is not None:
                self.run_single_epoch(
                    batches.to_judge(valid),
                    False,
                    "valid",
                    partial(self.validation_step, judge=batches.judge),
                )
            if batches.end_epoch(partial(self._end_epoch, data, listeners)):
                break
        return self

    def run_single_epoch(
        self,
        iterator: Any,
        training: bool,
        prefix: str,
        step_fn: Any,
        *,
        after_step: Sequence[TrainingListener] = (),
        **fit_params: Any,
    ) -> None:
        """Go through all batches once and record their mean loss."""
        self._set_training(training)
        per_batch = self._hears_batches()
        # One place for all, so that no tensor lies between two batches: see `_prediction`.
        losses = torch.empty(len(iterator), dtype=self.module_.dtype, device=self.device)
        sizes = iterator.sizes
        for i, batch in enumerate(iterator):
            self._check_interrupted()
            if per_batch:
                self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, heard=per_batch)
            losses[i] = step["loss"].detach()
            for listener in after_step:
                listener.on_step(self)
            if per_batch:
                self.history.record_batch(f"{prefix}_loss", step["loss"].item())
                self.history.record_batch(f"{prefix}_batch_size", sizes[i])
                self.notify("on_batch_end", batch=batch, training=training, **step)
        # No batch waits for the device, but here all are waited for. The last step may have
        # spoilt the weights after its loss was known: their sum comes with the losses.
        *values, weights = torch.hstack([losses, self._sum_of_weights()]).tolist()
        loss = float(np.average(values, weights=sizes))
        kind = "training" if prefix == "train" else "validation"
        for what, value in ((f"{kind} loss", loss), ("sum of the weights", weights)):
            if not math.isfinite(value):
                error = ValueError(_divergence_message(what, value, self.n_epochs))
                error.is_divergence = True  # type: ignore[attr-defined]
                raise error
        if not per_batch:
            # skorch's Checkpoint reads the last batch, whoever listens.
            self.history.new_batch()
            self.history.record_batch(f"{prefix}_loss", values[-1])
            self.history.record_batch(f"{prefix}_batch_size", sizes[-1])
        # An earlier run may have had no validation.
        earlier = [row.get(f"{prefix}_loss", math.inf) for row in self.history[:-1]]
        best = min(earlier, default=math.inf)
        self.history.record(f"{prefix}_loss", loss)
        self.history.record(f"{prefix}_loss_best", loss < best)
        self.history.record(f"{prefix}_batch_count", len(sizes))

    def train_step(
        self,
        batch: Batch,
        *,
        learn: Callable[[Batch], Step] | None = None,
        heard: bool = False,
        **fit_params: Any,
    ) -> Step:
        """Take one step of the optimiser; callbacks hear of its gradient if `heard`."""
        learn = learn or self.train_step_single
        first: Step = {}

        def closure() -> Tensor:
            self.optimizer_.zero_grad(set_to_none=True)
            step = learn(batch)
            if self.max_grad_norm is not None:
                clip_gradients(self.weights(), self.max_grad_norm)
            if heard:
                self.notify(
                    "on_grad_computed",
                    named_parameters=list(self.get_all_learnable_params()),
                    batch=batch,
                    training=True,
                )
            # An optimiser may call this several times; the first loss counts.
            first.update({} if first else step)
            return step["loss"]

        self.optimizer_.step(closure)
        return first

    def train_step_single(self, batch: Batch, **fit_params: Any) -> Step:
        """Compute the loss of a batch and its gradient."""
        inputs, target = batch
        output = self.infer(inputs)
        loss = self.get_loss(output, target, X=inputs, training=True)
        loss.backward()
        return {"loss": loss, "y_pred": output}

    def validation_step(
        self,
        batch: Batch,
        *,
        judge: Callable[[Batch], Step] | None = None,
        **fit_params: Any,
    ) -> Step:
        """Compute the loss of a batch, without gradients."""
        if judge is not None:
            return judge(batch)
        inputs, target = batch
        with torch.no_grad():
            output = self.infer(inputs)
            loss = self.get_loss(output, target, X=inputs, training=False)
        return {"loss": loss, "y_pred": output}

    def infer(self, x: Inputs, **fit_params: Any) -> Tensor:
        """Run the network on a batch."""
        return self.module_(x["x"], x["lengths"], x["future"], x["history"])

    def get_loss(
        self, y_pred: Tensor, y_true: Tensor, X: Any = None, training: bool = False
    ) -> Tensor:
        """Mean loss of a batch, weighted in training and validation alike."""
        return self.criterion_(y_pred, y_true, X["weight"], X["size"])

    @property
    def n_epochs(self) -> int:
        """Epochs so far, the present one among them."""
        return self.n_forgotten + len(self.history)

    def forget(self, n_rows: int) -> None:
        """Let go of all but the last epochs' rows: training that never ends stays small.

        Parameters
        ----------
        n_rows : int
        """
        n_forgotten = max(0, len(self.history) - n_rows)
        del self.history[:n_forgotten]
        self.n_forgotten += n_forgotten

    def course(
        self, best_epoch: int | None = None, head_penalties: list[float] | None = None
    ) -> Course:
        """Tell how training went.

        Parameters
        ----------
        best_epoch : int or None, default=None
            Epoch whose weights are kept; None is the last.
        head_penalties : list of float or None, default=None
            With which the last layer was solved anew.

        Returns
        -------
        course : Course
        """
        rows = self.history
        valid = [row.get("valid_loss", math.nan) for row in rows]
        return Course(
            self.n_epochs,
            self.n_epochs if best_epoch is None else best_epoch,
            [row["train_loss"] for row in rows],
            valid if any("valid_loss" in row for row in rows) else [],
            head_penalties,
        )

    # ------------------------------------------------------------------ data

    def sizes(self, n_timesteps: int, n_features: int) -> Sizes:
        """Give what decides how the network's work is cut, for sequences of a shape."""
        return Sizes.of(self.module_, n_timesteps, n_features)

    def count_predicted(self, data: SequenceData) -> int:
        """Choose how many sequences to predict at once."""
        return count_predicted(self.sizes(*data.shape[1:]))

    def get_dataset(self, X: Any, y: Any = None) -> SequenceData:
        """Give the data as it is: the estimator has prepared it."""
        if not isinstance(X, SequenceData):
            raise TypeError(
                "net_ takes the SequenceData that an estimator prepares; its own predict"
                f" takes arrays. Got {type(X).__name__}."
            )
        return X

    def get_iterator(self, dataset: SequenceData, training: bool = False) -> Batches:
        """Give the batches, shuffled in training."""
        if training:
            return self._dealt(dataset)
        return dataset.batches(self.count_predicted(dataset))

    def _dealt(self, data: SequenceData) -> Batches:
        """Give the batches of one epoch, each sample once before one comes again."""
        n_samples = min(self._n_batches * self.batch_size, len(data))
        return Batches(data, self.deck.deal(data, n_samples), self.batch_size)

    # ------------------------------------------------------------------ skorch's scorers

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict standardised targets, or class numbers, for skorch's scorers."""
        values = self.predict_proba(X)
        return values if self.n_classes is None else values.argmax(axis=1)

    @property
    def classes_(self) -> NDArray[np.intp]:
        """Class numbers, for scorers that read probabilities."""
        if self.n_classes is None:
            raise AttributeError("A net that predicts values has no classes_.")
        return np.arange(self.n_classes)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if self.n_classes is not None:
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags()
        return tags

    def _get_predict_nonlinearity(self) -> Any:
        return self.link

    # ------------------------------------------------------------------ skorch's parts

    def get_default_callbacks(self) -> list[tuple[str, Callback]]:
        """Give none: skorch's printer needs a terminal that shows colours, and is wide."""
        return []

    def initialize_callbacks(self) -> SequenceNet:
        """Initialise the callbacks, unless they go on from an earlier net."""
        if self._going_on is None:
            super().initialize_callbacks()
        else:
            self.callbacks_ = self._going_on
        return self

    def get_params_for_optimizer(self, prefix: str, named_parameters: Any) -> Any:
        """Give what the optimiser takes."""
        args, kwargs = super().get_params_for_optimizer(prefix, named_parameters)
        if self.weight_decay is not None:
            kwargs["weight_decay"] = self.weight_decay
        return args, kwargs

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Call a hook of every callback, each of them even where one asks to stop."""
        getattr(self, method_name)(self, **cb_kwargs)
        if self.callbacks_ and self._ask(
            partial(call_hooks, self.callbacks_, method_name, self, **cb_kwargs)
        ):
            raise StopTraining

    def _ask(self, call: Callable[[], Any]) -> Any:
        """Call in the thread of whoever waits for the training."""
        return call() if self._threads is None else self._threads.ask(call)

    def _check_interrupted(self) -> None:
        if self._threads is not None:
            self._threads.check()

    def _hears_batches(self) -> bool:
        return hear_batches(self.callbacks_)

    def _end_epoch(
        self, data: dict[str, Any], listeners: Sequence[TrainingListener]
    ) -> bool:
        """Tell all of the end of an epoch, and whether one of them asks to stop."""
        stop = False
        try:
            self.notify("on_epoch_end", **data)
        except StopTraining:
            stop = True
        for listener in listeners:
            stop |= listener.on_epoch_end(self)
        for listener in listeners:
            listener.on_settled(self, stops=stop)
        return stop

    def _seed_dropout(self) -> None:
        seed = int(torch.randint(2**62, (), generator=self.generator_, device="cpu"))
        self.module_.seed_dropout(seed, torch.device(self.device))

    def weights(self) -> list[Tensor]:
        """Give what the optimiser changes; to search the modules takes longer."""
        return [w for group in self.optimizer_.param_groups for w in group["params"]]

    @torch.no_grad()
    def _sum_of_weights(self) -> Tensor:
        """Give what is NaN or infinite if any weight is."""
        return torch.stack([weight.sum() for weight in self.weights()]).sum()


def _divergence_message(what: str, value: float, epoch: int) -> str:
    return (
        f"The {what} became {value} in epoch {epoch}. Try a smaller learning_rate, a"
        f" smaller max_grad_norm, or standardize=True."
    )
