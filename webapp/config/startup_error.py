class StartupError(Exception):
    """Why the site cannot start, in one sentence for the person at the terminal."""
