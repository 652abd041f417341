"""What the pages on impact share: the table brought, its columns, the estimates on screen."""
