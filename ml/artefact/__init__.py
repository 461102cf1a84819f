"""A model folder: its card, how it is opened and asked. The door is
`predictor.Predictor.load`."""
