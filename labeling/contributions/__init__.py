"""Giving a face and taking it back. The doors are `offers.offer` and
`withdrawals.withdraw`."""
