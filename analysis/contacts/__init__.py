"""People: the roll, supporters, what they consented to, and what may lawfully be done with it."""
