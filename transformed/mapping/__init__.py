"""How an OEM's module says its columns: decoding of the used fields, shared expressions, code lists."""
