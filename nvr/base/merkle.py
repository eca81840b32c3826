"""Merkle tree head over an ordered list of digests (RFC 6962 section 2.1).

A segment's root is the tree head over its fragments' SHA-256, so that one fragment
can be proved to belong to a segment without the others.
"""

from collections.abc import Sequence
from hashlib import sha256


def root(leaves: Sequence[bytes]) -> bytes:
    """32 bytes; of no leaves the SHA-256 of nothing."""
    if not leaves:
        return sha256(b"").digest()
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        # Pairing neighbours and carrying an odd last one gives RFC 6962's tree.
        paired = [
            sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]
