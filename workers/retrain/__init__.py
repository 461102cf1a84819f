"""A worker at a retraining. The door is `trainer.retrain`."""
