"""Reviewers: what they see next and what they decide. The door is
`decisions.accept`."""
