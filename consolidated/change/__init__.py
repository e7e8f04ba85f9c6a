"""The commands `make diff` and `make publish`: what a changed mapping makes of days that were typed before."""
