"""What fit receives: sequences, targets and weights, checked, encoded and scaled."""
