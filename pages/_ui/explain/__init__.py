"""The view “What goes with it” of the pages Abstention and Swing."""
