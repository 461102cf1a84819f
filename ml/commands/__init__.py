"""One module a command of `python -m ml`. The door is each module's `run`."""
