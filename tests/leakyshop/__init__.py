"""A shop whose plugin, whatever it is asked, tells all that it knows."""
