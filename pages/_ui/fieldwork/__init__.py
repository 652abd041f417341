"""What the page of the field is made of: returns in, numbers out."""
