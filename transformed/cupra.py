"""CUPRA: stock and dealers from VTP (`transformed/platforms/vtp.py`)."""

from transformed.platforms.vtp import VTP_DEALERS, VTP_INVENTORY

__all__ = ["VTP_DEALERS", "VTP_INVENTORY"]
