"""The OEMs' APIs, played on loopback over real HTTP: one module an OEM, discovered by its `sandbox_routes`.

`python -m resources.sandbox --help` says how to run it. Nothing here is imported by the definitions.
"""
