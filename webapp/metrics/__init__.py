"""What Prometheus is told: of requests and looks, which the web processes count, and of
the site as a whole. The door is `python -m webapp.metrics`."""
