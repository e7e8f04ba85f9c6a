"""Reads the Avro files of Iceberg's metadata within their bounds: a damaged file is an error, and never a shorter list.

pyiceberg's decoder in Cython follows the lengths that a file holds past the end of its buffer: a damaged manifest ends
the whole process with SIGSEGV, or is read as something else (apache/iceberg-python issue 3952, mended after 0.12.0).
And pyiceberg takes a file that ends inside of a block for one without that block, so that a manifest list which was cut
short is a table without rows. Imported where a catalog is opened, because it imports pyiceberg.
"""

from __future__ import annotations

from typing import TypeVar

from pyiceberg import manifest
from pyiceberg.avro import decoder, file
from pyiceberg.typedef import StructProtocol

_Record = TypeVar("_Record", bound=StructProtocol)


class WholeAvroFile(file.AvroFile[_Record]):
    """An Avro file that ends where a block ends."""

    def _read_block(self) -> int:
        position = self.decoder.tell()
        try:
            return super()._read_block()
        except EOFError as error:
            end = position + (file.SYNC_SIZE if self.block else 0)
            if self.decoder.tell() == end:
                raise
            raise ValueError(f"{self.input_file.location} ends within the block at byte {end}") from error


def read_within_bounds() -> None:
    """Let pyiceberg read Avro files so, in this process.

    On manifests of one entry its decoder in Python takes a seventh more CPU time than the one in Cython.
    """
    # by setattr, because both names are imports of these modules, which a type checker lets nobody change
    setattr(file, "new_decoder", decoder.StreamingBinaryDecoder)  # noqa: B010
    setattr(manifest, "AvroFile", WholeAvroFile)  # noqa: B010
