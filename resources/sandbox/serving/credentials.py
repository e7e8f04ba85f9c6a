"""The credentials that the sandbox accepts. Light: `resources.apis` imports it to fill in a request's secrets."""


def sandbox_credential(variable: str) -> str:
    """The only value that the sandbox accepts for the secret that is declared by an environment variable.

    It follows from the variable's name, so a night against the sandbox needs no setting, and the real credential is
    never sent to the sandbox.
    """
    return f"sandbox-{variable}"
