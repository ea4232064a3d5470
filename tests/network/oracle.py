"""The LSTM's equations in plain NumPy, float64, one sequence at a time.

A copy of what Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000)
say, in the layout in which torch keeps its weights: input, forget, cell and output gate.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_states(x, w_ih, w_hh, b_ih, b_hh, hidden=None, cell=None):
    """Hidden state after each step of one sequence x of shape (n_timesteps, n_features)."""
    hidden = np.zeros(w_hh.shape[1]) if hidden is None else hidden
    cell = np.zeros(w_hh.shape[1]) if cell is None else cell
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


def _linear(layer, values):
    weight, bias = (p.detach().double().numpy() for p in (layer.weight, layer.bias))
    return values @ weight.T + bias


def final_state(network, x):
    """State after one standardised sequence x of shape (n_observed, n_features)."""
    hidden_size = network.hidden_size
    for layer in network.core.layers:
        states = lstm_states(x, *_weights(layer.forwards))
        if layer.backwards is not None:
            reverse = lstm_states(x[::-1], *_weights(layer.backwards))[::-1]
            states = np.concatenate([states, reverse], axis=1)
        x = states
    if len(x):
        return np.concatenate([x[-1, :hidden_size], x[0, hidden_size:]])
    return np.zeros(network.core.output_size)


def network_output(network, x):
    """Output of a linear head for one sequence."""
    return _linear(network.head.linear, final_state(network, x))


def known_future_output(network, x, future):
    """Output of one hidden layer over the state and the known rows ahead."""
    both = np.concatenate([final_state(network, x), future.ravel()])
    hidden = np.maximum(_linear(network.head.hidden[0], both), 0)
    return _linear(network.head.linear, hidden)


def seq2seq_output(network, x, future):
    """Output of a decoder (Cho et al., 2014) at each row ahead."""
    state, decoder = final_state(network, x), network.head
    hidden, cell = np.split(np.tanh(_linear(decoder.bridge, state)), 2)
    steps = np.concatenate([np.tile(state, (len(future), 1)), future], axis=1)
    states = lstm_states(steps, *_weights(decoder.layer), hidden, cell)
    return _linear(decoder.head.linear, states)


def fill(x, mean):
    """Drop unobserved steps; NaN takes the feature's last value, else the mean."""
    x = x[~np.isnan(x).all(axis=1)].copy()
    for t in range(len(x)):
        before = x[t - 1] if t else mean
        x[t] = np.where(np.isnan(x[t]), before, x[t])
    return x
