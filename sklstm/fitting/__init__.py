"""What every fit does, whatever it fits: it tells of itself, and fails without a trace."""
