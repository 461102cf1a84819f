"""Settings, typed environment, logs, and where the services live. The door is
`settings`."""
