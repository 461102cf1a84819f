"""Figures for the public, for givers and for admins. The door is
`site_stats.current`."""
