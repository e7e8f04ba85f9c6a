"""What the sandbox and its client agree on: credentials, a header. Light: `resources.apis` imports it."""

PLAYED_SAYS = "X-Played-Says"
"""The header by which a replay says why it has no answer: a sentence of ours, so that a step's message may quote it."""


def sandbox_credential(variable: str) -> str:
    """The only value that the sandbox accepts for the secret that is declared by an environment variable.

    It follows from the variable's name, so a night against the sandbox needs no setting, and the real credential is
    never sent to the sandbox.
    """
    return f"sandbox-{variable}"
