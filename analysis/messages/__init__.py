"""Messages that may be sent, are sent once, and whose effect is known without watching anyone."""
