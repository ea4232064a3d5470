"""The gallery: in which order, and with how many threads."""

ORDER = [
    "netflix",
    "load",
    "stores",
    "sktime_forecasting",
    "turbofan",
    "patients",
    "activities",
    "vowel",
    "heartbeats",
    "next_item",
    "next_word",
    "reviews",
    "tags",
    "dates",
    "melody",
    "loops",
    "gates",
    "long_memory",
]


class GalleryOrder:
    """Sorts examples: the first project first; those without a place come last."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, filename):
        """Give what an example is sorted by."""
        name = filename.removeprefix("plot_").removesuffix(".py")
        return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def one_thread(gallery_conf, fname):
    """Let each example begin with one thread: several run side by side."""
    import torch

    torch.set_num_threads(1)
