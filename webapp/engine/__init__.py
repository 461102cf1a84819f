"""What browsers are handed so that they look at pictures by themselves. The door:
`views.parts_on_offer`."""
