"""Files: nested arrays and plain values, written whole or not at all; a lock on a file."""
