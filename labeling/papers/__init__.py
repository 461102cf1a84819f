"""Papers that are made from the running system and never typed twice: model cards,
datasheets, and what the law asks of an operator. The door is `collection.write`."""
