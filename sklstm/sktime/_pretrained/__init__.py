"""A network that has learnt to forecast: what it sees of a series, and its weights."""
