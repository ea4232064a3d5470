"""What training makes small: a loss with the head that it needs."""
