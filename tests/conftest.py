import torch

# Two workers on two cores, one thread each; and the same sums on every machine.
torch.set_num_threads(1)
