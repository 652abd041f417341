"""What an hour of canvassing is worth in each bureau."""
