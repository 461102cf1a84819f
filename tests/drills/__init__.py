"""Long checks that `make drill` runs: each a module that ends at the first fault."""
