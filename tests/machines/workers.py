"""What workers of a cluster are asked."""

import numpy as np


def memory():
    """Peak and present memory of this process, in MiB."""
    said = {}
    with open("/proc/self/status") as status:
        for line in status:
            name, _, value = line.partition(":")
            if name in ("VmHWM", "VmRSS"):
                said[name] = int(value.split()[0]) / 1024
    return said["VmHWM"], said["VmRSS"]


def n_threads():
    import torch

    return torch.get_num_threads()


def warm_up():
    """Load and keep what a first fit loads and keeps."""
    from sklstm import LSTMRegressor

    X = np.zeros((40, 4, 20), dtype="float32")
    LSTMRegressor(hidden_size=8, max_epochs=1).fit(X, np.arange(40.0))
    return memory()[1]


def fit_together(rank, size, address):
    """Fit with the other workers; gives the predictions."""
    import torch.distributed as dist

    from sklstm import LSTMRegressor, distributed
    from tests.machines.fits import SMALL, X, Y

    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=size)
    try:
        with distributed():
            return LSTMRegressor(**SMALL).fit(X, Y).predict(X)
    finally:
        dist.destroy_process_group()
