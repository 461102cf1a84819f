"""How good a model is, and which of two serves. The door is `compare.compare`."""
