"""Votes, and how much each counts. The door is `votes.cast`."""
