"""Rows made ready for people: sentences, pictures, charts. One module a subject."""
