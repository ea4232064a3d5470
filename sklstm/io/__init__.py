"""Files of arrays and plain values, which run no code when they are read."""
