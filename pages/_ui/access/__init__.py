"""Who is at the browser, on a server: login, rights, the pages that open, administration."""
