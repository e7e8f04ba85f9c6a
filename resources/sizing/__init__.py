"""How large a step's task is, what it used, what it cost, and which size would fit."""
