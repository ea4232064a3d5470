"""Processes that know each other by torch.distributed, and what they are asked to do."""

import datetime
import socket
from contextlib import contextmanager
from multiprocessing import get_context

# Seconds: whoever waits longer waits for one that has gone elsewhere.
PATIENCE = 60


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def serve(rank, size, port, pipe):
    """Do what is asked for, until there is nothing more."""
    import torch
    import torch.distributed as dist

    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=size,
        timeout=datetime.timedelta(seconds=PATIENCE),
    )
    while (asked := pipe.recv()) is not None:
        call, arguments = asked
        try:
            pipe.send((call(rank, *arguments), None))
        except Exception as error:
            pipe.send((None, error))
    dist.destroy_process_group()


class Team:
    """Several processes; a call gives what each of them gave, or raised."""

    def __init__(self, pipes):
        self.pipes = pipes

    def __call__(self, call, *arguments):
        answers = self._answers(call, arguments)
        for _, error in answers:
            if error is not None:
                raise error
        return [value for value, _ in answers]

    def errors(self, call, *arguments):
        """What each process raised."""
        errors = [error for _, error in self._answers(call, arguments)]
        assert None not in errors
        return errors

    def _answers(self, call, arguments):
        for pipe in self.pipes:
            pipe.send((call, arguments))
        return [pipe.recv() for pipe in self.pipes]


@contextmanager
def team_of(size):
    context, port = get_context("spawn"), free_port()
    pipes, processes = [], []
    for rank in range(size):
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(rank, size, port, theirs))
        process.start()
        pipes.append(ours)
        processes.append(process)
    yield Team(pipes)
    for pipe in pipes:
        pipe.send(None)
    for process in processes:
        process.join(30)
