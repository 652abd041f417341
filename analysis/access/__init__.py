"""Who may do what on a server: settings, people and their rights, sessions, invitations, audit."""
