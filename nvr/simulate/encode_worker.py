"""`python -m nvr.simulate.encode_worker FOLDER`: make one loop and keep it.

The spec is one line of JSON on standard input. Each line of standard output is one
step done: `done total`. A process of its own, because drawing and encoding keep a
core busy for seconds while the server must go on sending.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from nvr.base.model import Codec
from nvr.codec.encode import encode_video
from nvr.codec.loop import AudioSpec, VideoSpec
from nvr.codec.tone import encode_audio
from nvr.simulate import cache


def main() -> None:
    """Read, make, keep."""
    os.nice(5)  # recording, if it goes on meanwhile, comes first
    folder = Path(sys.argv[1])
    spec = spec_of(json.loads(sys.stdin.readline()))
    if isinstance(spec, AudioSpec):
        cache.save(cache.path_of(folder, spec), encode_audio(spec))
    else:
        cache.save(cache.path_of(folder, spec), encode_video(spec, _tell))


def spec_of(fields: dict[str, Any]) -> cache.Spec:
    """The spec from its fields; only pictures have a title."""
    fields = fields | {"codec": Codec(fields["codec"])}
    return VideoSpec(**fields) if "title" in fields else AudioSpec(**fields)


def _tell(done: int, total: int) -> None:
    if done % 10 == 0 or done == total:
        sys.stdout.write(f"{done} {total}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
