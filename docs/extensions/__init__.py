"""What this site needs of Sphinx besides its settings."""
