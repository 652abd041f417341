"""What the house is made with and never ships."""
