"""The LSTM's equations in plain NumPy, float64, one sequence at a time.

A copy of what Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000)
say, in the layout in which torch keeps its weights: input, forget, cell and output gate.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_states(x, w_ih, w_hh, b_ih, b_hh):
    """Hidden state after each step of one sequence x of shape (n_timesteps, n_features)."""
    hidden = np.zeros(w_hh.shape[1])
    cell = np.zeros(w_hh.shape[1])
    states = []
    for x_t in x:
        i, f, g, o = np.split(w_ih @ x_t + b_ih + w_hh @ hidden + b_hh, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    return np.array(states).reshape(len(x), w_hh.shape[1])


def _weights(lstm):
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return [getattr(lstm, name).detach().double().numpy() for name in names]


def network_output(network, x):
    """Output for one standardised sequence x of shape (n_observed, n_features)."""
    hidden_size = network.hidden_size
    for layer in network.core.layers:
        states = lstm_states(x, *_weights(layer.forwards))
        if layer.backwards is not None:
            reverse = lstm_states(x[::-1], *_weights(layer.backwards))[::-1]
            states = np.concatenate([states, reverse], axis=1)
        x = states
    if len(x):
        state = np.concatenate([x[-1, :hidden_size], x[0, hidden_size:]])
    else:
        state = np.zeros(network.core.output_size)
    weight = network.head.linear.weight.detach().double().numpy()
    bias = network.head.linear.bias.detach().double().numpy()
    return weight @ state + bias


def fill(x, mean):
    """Drop unobserved steps; NaN takes the feature's last value, else the mean."""
    x = x[~np.isnan(x).all(axis=1)].copy()
    for t in range(len(x)):
        before = x[t - 1] if t else mean
        x[t] = np.where(np.isnan(x[t]), before, x[t])
    return x
