"""Faces over time: who is who, and how they looked. The door is `watch.follow`."""
