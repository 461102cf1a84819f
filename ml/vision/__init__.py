"""From bytes to faces: decode, find, crop, compare. The door is
`pipeline.predict_faces`."""
