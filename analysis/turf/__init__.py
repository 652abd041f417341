"""From the addresses of targeted bureaux to turfs of equal work and the order to walk them in."""
