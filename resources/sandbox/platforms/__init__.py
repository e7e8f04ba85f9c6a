"""The servers that several makers share: functions that return the routes of a maker that names them.

The sandbox's server looks for makers in the modules of `resources.sandbox` alone, so a platform is no maker.
"""
