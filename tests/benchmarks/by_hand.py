"""What an expert would write by hand: the code that the estimators are measured beside."""

import time
from typing import NamedTuple

import numpy as np
import skorch
import torch
from skorch.callbacks import GradientNormClipping

import sklstm


class Work(NamedTuple):
    """A network and the windows that it is trained on."""

    n_timesteps: int
    n_features: int
    hidden_size: int
    num_layers: int
    batch_size: int
    horizon: int = 1
    n_rows: int = 8640
    epochs: int = 1

    def __str__(self):
        layers = f"{self.num_layers} layers of " if self.num_layers > 1 else ""
        return (
            f"{self.n_timesteps} x {self.n_features}, {layers}{self.hidden_size} units,"
            f" batch {self.batch_size}"
        )

    @property
    def n_windows(self):
        return self.n_rows - self.n_timesteps - self.horizon + 1

    def windows(self):
        """A series of the size of ETTh1's first year, cut into windows."""
        table = rows(self.n_features, self.n_rows)
        return sklstm.sliding_windows(
            table, table[:, -1], window_length=self.n_timesteps, horizon=self.horizon
        )

    def steps(self):
        """The same windows, and beside each of their steps the value that comes next."""
        X, _ = self.windows()
        table = rows(self.n_features, self.n_rows)[1:, -1]
        steps = np.lib.stride_tricks.sliding_window_view(table, self.n_timesteps)
        return X, steps[: len(X)].copy()

    def estimator(self, **options):
        return sklstm.LSTMRegressor(
            hidden_size=self.hidden_size,
            num_layers=self.num_layers,
            batch_size=self.batch_size,
            learning_rate=1e-3,
            random_state=0,
            **options,
        )

    def network(self, cell="LSTM", *, of_steps=False):
        sizes = (self.n_features, self.horizon, self.hidden_size, self.num_layers)
        return (StepNetwork if of_steps else Network)(*sizes, cell)


def rows(n_features, n_rows):
    """Waves of a day, and noise."""
    rng = np.random.default_rng(0)
    phase = rng.uniform(0, 2 * np.pi, n_features)
    time_of_day = 2 * np.pi * np.arange(n_rows)[:, None] / 24
    noise = rng.normal(size=(n_rows, n_features))
    return (np.sin(time_of_day + phase) + 0.3 * noise).astype("float32")


class Network(torch.nn.Module):
    def __init__(self, n_features, n_outputs, hidden, layers, cell="LSTM"):
        super().__init__()
        kind = getattr(torch.nn, cell)
        self.core = kind(n_features, hidden, layers, batch_first=True)
        self.head = torch.nn.Linear(hidden, n_outputs)

    def forward(self, x):
        return self.head(self.core(x)[0][:, -1])


class StepNetwork(Network):
    """With an output at each step."""

    def forward(self, x):
        return self.head(self.core(x)[0]).flatten(1)


def tensors(X, y, device="cpu"):
    """The windows in full and the targets as columns, as a loop by hand takes them."""
    x = torch.from_numpy(np.array(X))
    return x.to(device), torch.from_numpy(y.reshape(len(y), -1)).to(device)


def train(network, x, y, batch, epochs, max_grad_norm=None):
    """Train with one index a batch."""
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loss_function = torch.nn.MSELoss()
    for _ in range(epochs):
        for index in torch.randperm(len(x), device=x.device).split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_function(network(x[index]), y[index])
            loss.backward()
            if max_grad_norm is not None:
                torch.nn.utils.clip_grad_norm_(network.parameters(), max_grad_norm)
            optimizer.step()
    if x.is_cuda:
        torch.cuda.synchronize()


def skorch_net(work, max_grad_norm):
    """The same network in skorch, with its defaults but for what the loop has."""
    return skorch.NeuralNetRegressor(
        work.network(),
        optimizer=torch.optim.Adam,
        lr=1e-3,
        max_epochs=1,
        batch_size=work.batch_size,
        train_split=None,
        verbose=0,
        callbacks=[GradientNormClipping(max_grad_norm)],
    )


def predict(module, x, batch=256):
    with torch.inference_mode():
        return torch.cat([module(part) for part in x.split(batch)]).cpu()


def seconds(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin
