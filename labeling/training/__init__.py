"""What a retraining goes through, as rows. The door is `training_runs.request`."""
