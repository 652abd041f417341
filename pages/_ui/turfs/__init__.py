"""What the page of walks is made of: choices, cutting in the background, maps, files."""
