"""The credentials that the sandbox accepts. Light: whoever fills in a request's secrets imports it too."""


def sandbox_credential(variable: str) -> str:
    """What the sandbox takes for the secret declared by the environment variable `variable`; nothing else.

    Known by rule instead of by agreement, so that a night against the sandbox needs no setting, and the real
    credential of that variable is never sent to it.
    """
    return f"sandbox-{variable}"
