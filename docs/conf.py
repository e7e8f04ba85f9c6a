"""The site of `docs/`, built by `make docs` into `build/docs`; a link that leads nowhere fails the build."""

project = "OEM stock"
author = "The project's maintainers"
extensions = ["myst_parser"]
# README and CHANGELOG lie beside the pages' folder, where GitHub looks for them
exclude_patterns = ["conf.py"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
html_theme = "furo"
html_title = "OEM stock"
html_copy_source = False
# the drawings of a car's days have a syntax that the tests read and no highlighter knows
suppress_warnings = ["misc.highlighting_failure"]
nitpicky = True
