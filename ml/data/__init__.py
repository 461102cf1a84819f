"""Every published form of the training data as arrays. The door is `fer2013.read`."""
