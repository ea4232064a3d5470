"""Fit again and again, each time interrupted by a real Ctrl-C at a random moment.

Run as a script, with the number of interrupts and a seed: prints how many fits were
interrupted, how many of them left a model, and all that was found changed. Small pieces on
two threads make each fit go through all that training does.
"""

import os
import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch

from sklstm import LSTMRegressor
from sklstm.training import _side_by_side

EPOCHS = 6
rng = np.random.default_rng(0)
X = rng.normal(size=(600, 12))
Y = X[:, -1] + 0.1 * rng.normal(size=600)


def of_a_thread():
    return {
        "threads": torch.get_num_threads(),
        "denormals": bool((torch.full((4,), 1e-40) * 1.0 == 0).any()),
        "numpy's denormals": bool((np.full(4, 1e-310) * 1.0 == 0).any()),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
    }


def of_the_process():
    with ThreadPoolExecutor(1) as pool:
        new = pool.submit(of_a_thread).result()
    return {
        "here": of_a_thread(),
        "new thread": new,
        "alive": threading.active_count(),
        "random": torch.get_rng_state().sum().item(),
        "handler": signal.getsignal(signal.SIGINT),
    }


def model(epochs=EPOCHS, **options):
    return LSTMRegressor(
        hidden_size=8,
        batch_size=200,
        max_epochs=epochs,
        learning_rate_schedule="constant",
        dropout=0.1,
        random_state=0,
        **options,
    )


def interrupt_after(seconds):
    def interrupt():
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    return thread


def interrupted(call, seconds):
    """Call, and tell whether the interrupt came meanwhile."""
    thread = None
    try:
        thread = interrupt_after(seconds)
        call()
        thread.join()
        time.sleep(0.1)  # the interrupt, where it is still to come
        # It has come and gone: Python drops what is raised in a finalizer or in a weak
        # reference's callback, and the call went on to its end.
        return False
    except KeyboardInterrupt as error:
        # Its traceback ends within the call if that was interrupted.
        frames, at = 0, error.__traceback__
        while at is not None:
            frames, at = frames + 1, at.tb_next
        return frames > 1
    finally:
        if thread is not None:
            thread.join()


def main(n_interrupts, seed):
    # A shell's background processes are started deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed(seed)
    torch.set_num_threads(2)
    _side_by_side.count_pieces = lambda n, *sizes: max(1, n // 50)
    whole = [model(epochs).fit(X, Y) for epochs in range(1, EPOCHS + 1)]
    expected = [fitted.predict(X) for fitted in whole]
    begin = time.perf_counter()
    model().fit(X, Y)
    longest = 1.1 * (time.perf_counter() - begin)
    of_the_process()
    before = of_the_process()
    n_within, n_fitted, found = 0, 0, []
    for _ in range(n_interrupts):
        estimator = model()
        within = interrupted(partial(estimator.fit, X, Y), random.uniform(0, longest))
        n_within += within
        after = of_the_process()
        if after != before:
            found.append({k: after[k] for k in after if after[k] != before[k]})
        if hasattr(estimator, "n_epochs_"):
            n_fitted += within
            n_epochs = estimator.n_epochs_
            if len(estimator.loss_curve_) != n_epochs:
                found.append("a loss too many")
            if not np.array_equal(estimator.predict(X), expected[n_epochs - 1]):
                found.append(f"no whole epoch {n_epochs}")
        elif vars(estimator) != vars(model()):
            found.append("half fitted")
    for _ in range(n_interrupts // 5):
        interrupted(partial(whole[0].predict, X), random.uniform(0, 0.01))
        after = of_the_process()
        if after != before:
            found.append({k: after[k] for k in after if after[k] != before[k]})
    print(n_within, n_fitted, found)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
