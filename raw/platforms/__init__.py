"""What several makers' APIs share: a module is a platform, its functions return the endpoints of a maker that names it.

`raw.wiring.discovery` looks for makers in the modules of `raw` alone, so a platform is no maker.
"""
