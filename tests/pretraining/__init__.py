"""How the pretrained network was trained: the series that are made, and the training."""
