"""Reads damaged files, and tells what that ran: ``python -m tests.io.mutate FOLDER N``."""

import json
import random
import sys
import time
import warnings
from collections import Counter
from copy import deepcopy
from pathlib import Path

import numpy as np
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save as as_bytes

try:
    import resource
except ImportError:  # Windows has none
    resource = None

from sklstm.io import load
from sklstm.io._classes import KNOWN

WATCHED = ("exec", "compile", "import", "marshal.", "pickle.", "subprocess.", "os.",
           "socket.", "ctypes.", "shutil.", "urllib.", "code.", "sys.")  # fmt: skip
HARMLESS = ("os.listdir", "os.scandir", "sys._getframe", "sys.unraisablehook")
VALUES = [
    None, True, -1, 0, 7, 10**6, 10**12, 10**30, 1.5, "", "x", "cpu", "os.system", [], {},
    [[]], {"$tuple": []}, {"$array": "0"}, {"$bytes": {}}, {"$objects": {}}, {"$float": 1},
    {"$pairs": [[[], 1]]}, {"$object": {"same": 0}}, {"$range": [0, 10**15, 1]},
    {"$constant": "numpy.log"}, {"$index": {}}, {"$step": "D"}, {"$frame": {}},
    {"$date": "x"}, {"$moment": {}}, {"$device": "meta"}, "privateuseone", "xpu", "cuda:9",
    *({"$object": {"class": n, "arguments": {}, "fitted": {}, "state": {}}} for n in KNOWN),
]  # fmt: skip


def flipped(content, rng):
    """Some bytes are others; most of them in the header."""
    damaged = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        end = len(damaged) if rng.random() < 0.3 else min(len(damaged), 4000)
        damaged[rng.randrange(end)] = rng.randrange(256)
    return bytes(damaged)


def cut(content, rng):
    """Bytes are missing at the end, or there are more of them."""
    if rng.random() < 0.5:
        return content[: rng.randrange(len(content))]
    return content + rng.randbytes(rng.randint(1, 9))


def parts_of(content):
    n = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + n])["__metadata__"], tensors_of(content)


def nodes(tree):
    """All lists and dictionaries of a tree that hold something."""
    if isinstance(tree, dict | list):
        if tree:
            yield tree
        for item in tree.values() if isinstance(tree, dict) else tree:
            yield from nodes(item)


def edited(content, rng):
    """Values of the tree are others, are gone, stand twice or have another name."""
    header, tensors = parts_of(content)
    tree = json.loads(header["value"])
    for _ in range(rng.randint(1, 3)):
        found = list(nodes(tree))
        if not found:
            break
        node, other = rng.choice(found), rng.choice(found)
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        how = rng.randrange(5)
        if how == 0:
            del node[key]
        elif how == 1 and isinstance(node, dict):
            node[rng.choice(["x", "$tuple", "class", "state", key + "_"])] = node.pop(key)
        elif how == 2:
            node[key] = deepcopy(other)
        elif how == 3 and isinstance(node[key], int) and not isinstance(node[key], bool):
            node[key] = rng.choice([-1, 1, 2, 1000, 10**9]) * (node[key] + 1)
        else:
            node[key] = deepcopy(rng.choice(VALUES))
    return as_bytes(tensors, {**header, "value": json.dumps(tree)})


def resized(content, rng):
    """An array has another shape or type, or is gone."""
    header, tensors = parts_of(content)
    if not tensors:
        return content
    name = rng.choice(sorted(tensors))
    array = tensors[name]
    tensors[name] = [
        lambda: np.resize(array, array.size + 1),
        lambda: array.ravel()[:-1].copy(),
        lambda: np.zeros((0,), array.dtype),
        lambda: array[..., None],
        lambda: array.astype(rng.choice(["f2", "f4", "f8", "i4", "i8", "u1", "?"])),
        lambda: np.full_like(array, 255),
        lambda: np.zeros((500, 500)),
    ][rng.randrange(7)]()
    if rng.random() < 0.1:
        del tensors[name]
    return as_bytes(tensors, header)


MUTATIONS = [flipped, flipped, edited, edited, edited, resized, cut]


def peak_memory():
    """Most memory that this process has had, in MiB; 0 where that is not told."""
    if resource is None:
        return 0
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(folder, n):
    contents = [path.read_bytes() for path in sorted(folder.glob("*.safetensors"))]
    path, rng, outcomes = folder / "damaged", random.Random(0), Counter()
    events, watching, slowest = [], False, 0.0

    def hook(event, arguments):
        if not watching or event in HARMLESS:
            return
        opens_to_write = event == "open" and arguments[1] not in (None, "r", "rb")
        if opens_to_write or event.startswith(WATCHED):
            events.append(f"{event} {arguments!r:.300}")

    for known in KNOWN.values():
        known.find()
    for content in contents:
        path.write_bytes(content)
        load(path)
    warnings.simplefilter("ignore")
    before = peak_memory()
    sys.addaudithook(hook)
    for i in range(n):
        damage = MUTATIONS[i % len(MUTATIONS)]
        path.write_bytes(damage(rng.choice(contents), rng))
        begin, watching = time.process_time(), True
        try:
            load(path)
            outcome = "loaded"
        except ValueError:
            outcome = "ValueError"
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"
            (folder / f"damaged.{i}").write_bytes(path.read_bytes())
        watching = False
        slowest = max(slowest, time.process_time() - begin)
        outcomes[f"{damage.__name__} {outcome}"] += 1
    after = peak_memory()
    told = {"outcomes": outcomes, "events": events, "slowest": slowest}
    print(json.dumps({**told, "memory_in_MiB": after - before}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
