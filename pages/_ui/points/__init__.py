"""The “3.1 points” of 2012 on screen: the areas, the reproduction, the arithmetic."""
