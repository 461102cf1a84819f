"""What a run trains on, fixed for ever, and what is released. The door is
`snapshots.freeze`."""
