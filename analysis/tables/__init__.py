"""What passes between rooms: canonical tables, their schema, their sources, the workspace."""
