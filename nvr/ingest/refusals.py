"""What a camera's error status means to the person who set it up."""

from nvr.base.errors import CameraRefused
from nvr.base.redact import redact
from nvr.media.rtsp_message import Head

_LONGEST_REASON = 60
_LONGEST_LOCATION = 200
_SENTENCES = {
    400: "The camera did not understand the request ({}).",
    403: "The camera does not let this user see the stream ({}).",
    404: "The camera has no stream at this address ({}). "
    "Check the path after the host name.",
    405: "The camera does not allow this at this address ({}). "
    "Check the path after the host name.",
    410: "The stream at this address is gone ({}).",
    451: "The camera did not understand a parameter ({}).",
    453: "The camera or its network has no capacity left for another viewer ({}).",
    454: "The camera forgot the session that it had just begun ({}).",
    455: "The camera is not ready to play this stream ({}).",
    459: "The camera cannot play its tracks in one session ({}).",
    460: "The camera can only play its tracks in one session ({}).",
    461: "The camera does not send this stream over TCP ({}). "
    "Look for a setting of its transport or protocol.",
    500: "The camera has an internal error ({}). Restarting it may help.",
    501: "The camera cannot do what a recorder needs ({}).",
    503: "The camera is busy or has too many viewers ({}).",
    505: "The camera speaks another version of RTSP ({}).",
    551: "The camera does not support an option that was asked for ({}).",
}


def refusal(head: Head) -> CameraRefused:
    """The error for a reply that is not 200 and not 401."""
    status = f"{head.status} {_printable(head.reason, _LONGEST_REASON)}".strip()
    if 300 <= head.status < 400:
        return CameraRefused(_redirect(head, status), head.status)
    sentence = _SENTENCES.get(head.status, "The camera refused the stream ({}).")
    return CameraRefused(sentence.format(status), head.status)


def _redirect(head: Head, status: str) -> str:
    target = redact(_printable(head.get("location"), _LONGEST_LOCATION))
    advice = f" If you trust it, enter that address: {target}" if target else ""
    return (
        f"The camera sends us on to another address ({status}), "
        f"which is not followed.{advice}"
    )


def _printable(text: str, limit: int) -> str:
    return "".join(c for c in text if c.isprintable())[:limit].strip()
