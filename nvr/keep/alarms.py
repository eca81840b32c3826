"""What is wrong with keeping footage, told when it starts and when it ends."""

import logging

log = logging.getLogger(__name__)


class Alarms:
    """Sentences by what they are about."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    @property
    def current(self) -> tuple[str, ...]:
        return tuple(self._texts.values())

    def set(self, about: str, text: str) -> None:
        """This is so; an empty text: all is well with it."""
        was = self._texts.get(about, "")
        if text:
            self._texts[about] = text
            if not was:
                log.error("alarm: %s", text)
        elif was:
            del self._texts[about]
            log.warning("alarm is over: %s", was)
