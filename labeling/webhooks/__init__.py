"""Telling other programs of events, by signed HTTP calls: acts write down what is to be
told by `deliveries.announce`, and a worker calls."""
