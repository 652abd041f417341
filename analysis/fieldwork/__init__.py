"""What comes back from the doors: returns, their store, progress, and what it teaches."""
