"""The HTTP server of the sandbox: routes, faults, replay of captures."""
