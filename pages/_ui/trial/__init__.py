"""What the pages on trials share: the design on screen, its loaders, what is held back."""
