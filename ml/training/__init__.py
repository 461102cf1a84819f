"""Networks, batches and the loop that trains. The door is `pipeline.run`."""
