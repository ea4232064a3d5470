"""What an expert would write by hand: the loop that the estimators are measured against."""

import time

import numpy as np
import torch

WORKLOADS = {
    "etth1": {
        "n_features": 7,
        "window": 48,
        "horizon": 24,
        "hidden": 64,
        "layers": 1,
        "batch": 256,
    },
    "small": {
        "n_features": 1,
        "window": 24,
        "horizon": 1,
        "hidden": 32,
        "layers": 1,
        "batch": 32,
    },
    "stack": {
        "n_features": 1,
        "window": 30,
        "horizon": 1,
        "hidden": 50,
        "layers": 3,
        "batch": 256,
    },
    "wide": {
        "n_features": 7,
        "window": 96,
        "horizon": 1,
        "hidden": 128,
        "layers": 1,
        "batch": 512,
    },
}


def rows(n_features, n_rows=8640):
    """A series of the size of ETTh1's first year: waves of a day and noise."""
    rng = np.random.default_rng(0)
    phase = rng.uniform(0, 2 * np.pi, n_features)
    time_of_day = 2 * np.pi * np.arange(n_rows)[:, None] / 24
    noise = rng.normal(size=(n_rows, n_features))
    return (np.sin(time_of_day + phase) + 0.3 * noise).astype("float32")


class Network(torch.nn.Module):
    def __init__(self, n_features, n_outputs, hidden, layers):
        super().__init__()
        self.lstm = torch.nn.LSTM(n_features, hidden, layers, batch_first=True)
        self.head = torch.nn.Linear(hidden, n_outputs)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


def train(network, x, y, batch, epochs, max_grad_norm=None):
    """Train with one index a batch; the seconds of each epoch."""
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loss_function = torch.nn.MSELoss()
    seconds = []
    for _ in range(epochs):
        begin = time.perf_counter()
        for index in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_function(network(x[index]), y[index])
            loss.backward()
            if max_grad_norm is not None:
                torch.nn.utils.clip_grad_norm_(network.parameters(), max_grad_norm)
            optimizer.step()
        seconds.append(time.perf_counter() - begin)
    return seconds
