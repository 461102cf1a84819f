"""The Celery app, its tasks, and the one door that enqueues,
`launch.start_training`."""
