"""Where things are: metric CRS, assignment, proration, crosswalks."""
