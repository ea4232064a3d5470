"""The parts of the network written out in plain NumPy, float64, one sequence at a time."""

import numpy as np

from tests.network.oracle import sigmoid


def weights(module):
    """Weights by their names, without the marks of torch's layers and directions."""
    return {
        name.removesuffix("_l0"): value.detach().numpy()
        for name, value in module.named_parameters()
    }


def layer_norm(z, weight=None, bias=None):
    if weight is None:
        return z
    return (z - z.mean()) / np.sqrt(z.var() + 1e-5) * weight + bias


def recurrent(cell, x, w, hidden=None, cell_state=None):
    """Hidden state after each step of one sequence x of shape (n_timesteps, n_features)."""

    def norm(name, z):
        return layer_norm(z, w.get(f"norm_{name}.weight"), w.get(f"norm_{name}.bias"))

    size = w["weight_hh"].shape[1]
    h = np.zeros(size) if hidden is None else hidden
    c = np.zeros(size) if cell_state is None else cell_state
    p = w.get("peephole", np.zeros((3, size)))
    states = []
    for x_t in x:
        a = norm("ih", w["weight_ih"] @ x_t) + w["bias_ih"]
        r = norm("hh", w["weight_hh"] @ h) + w["bias_hh"]
        if cell == "rnn":
            h = np.tanh(a + r)
        elif cell == "gru":
            (a_s, a_z, a_n), (r_s, r_z, r_n) = np.split(a, 3), np.split(r, 3)
            z = sigmoid(a_z + r_z)
            h = (1 - z) * np.tanh(a_n + sigmoid(a_s + r_s) * r_n) + z * h
        else:
            i, f, g, o = np.split(a + r, 4)
            c = sigmoid(f + p[1] * c) * c + sigmoid(i + p[0] * c) * np.tanh(g)
            h = sigmoid(o + p[2] * c) * np.tanh(norm("cell", c))
        states.append(h)
    return np.array(states).reshape(len(x), size)


def linear(x, module):
    w = weights(module)
    return x @ w["weight"].T + w.get("bias", 0.0)


def patches(x, module):
    """Patches of the observed steps x, the last of which ends at the last step."""
    missing = -len(x) % module.patch_length
    rows = np.concatenate([np.zeros((missing, x.shape[1])), x])
    return np.maximum(linear(rows.reshape(-1, module.linear.in_features), module.linear), 0)


def convolution(x, module):
    """One convolution over time: a sum over the steps that its kernel covers."""
    w = weights(module.convolution)
    before, after = module.padding
    sides = (np.zeros((n, x.shape[1])) for n in (before, after))
    padded = np.concatenate([next(sides), x, next(sides)])
    kernel = w["weight"]
    return np.array(
        [
            sum(kernel[:, :, k] @ padded[t + k] for k in range(kernel.shape[2])) + w["bias"]
            for t in range(len(x))
        ]
    )


def squeeze_excite(z, module):
    inner = np.maximum(linear(z.mean(axis=0), module.squeeze), 0)
    return z * sigmoid(linear(inner, module.excite))


def branch(sequences, module, training):
    """Mean features of each sequence; in training all of them share their statistics."""
    outputs = list(sequences)
    for depth, (layer, norm) in enumerate(zip(module.layers, module.norms, strict=True)):
        outputs = [convolution(x, layer) for x in outputs]
        steps = np.concatenate(outputs)
        mean, variance = norm.running_mean.numpy(), norm.running_var.numpy()
        if training:
            mean, variance = steps.mean(axis=0), steps.var(axis=0)
        w = weights(norm)
        outputs = [
            np.maximum((x - mean) / np.sqrt(variance + 1e-5) * w["weight"] + w["bias"], 0)
            for x in outputs
        ]
        if depth < len(module.excite):
            outputs = [squeeze_excite(x, module.excite[depth]) for x in outputs]
    return np.array([x.mean(axis=0) for x in outputs])


def attention(hidden, module):
    """Weights and weighted mean of the hidden states of one sequence."""
    score = linear(np.tanh(linear(hidden, module.hidden)), module.score)[:, 0]
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    return weight, weight @ hidden


def embedding(x, module):
    """The features that are no categories, then the vector of each category."""
    numeric = [i for i in range(x.shape[1]) if i not in module.sizes]
    parts = [np.nan_to_num(x[:, numeric])]
    for (feature, size), lookup in zip(module.sizes.items(), module.lookups, strict=True):
        known = lookup.known[:-1].tolist()
        vectors = dict(zip(known, weights(lookup.table)["weight"][1:], strict=True))
        parts.append([vectors.get(value, np.zeros(size)) for value in x[:, feature]])
    return np.concatenate(parts, axis=1)


def head(state, module):
    for layer in module.hidden:
        state = np.maximum(linear(state, layer), 0)
    return linear(state, module.linear)
