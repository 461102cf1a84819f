"""From a trained network to the files that serve. The door is
`calibrate_and_export.calibrate_and_export`."""
