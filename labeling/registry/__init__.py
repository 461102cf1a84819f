"""Model versions: which one serves, and which saw which face. The door is
`model_versions.promote`."""
