"""What every request passes: who asks, how often, how large, and how a no is said. The
door is `access`."""
