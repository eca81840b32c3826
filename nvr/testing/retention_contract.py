"""What a retention rule must keep to, as tests to inherit beside `PluginContract`."""

from nvr.base.retention import FootageView, Opinion
from nvr.hook_calls import Answer
from nvr.testing.footage import MB, NOW_US, Footage, a_year, disk
from nvr.testing.plugin_contract import PluginContract

LONGEST_REASON = 80


class RetentionContract(PluginContract):
    """For plugins with `expired_segments`, `protected_segments`, or both.

    `table` must be such that the rule has something to say about `a_year`.
    """

    def situations(self) -> list[FootageView]:
        return [
            a_year().view(disk()),
            a_year().view(disk(free_bytes=20 * MB)),
            a_year().view(disk(free_bytes=0, doomed_bytes=40 * MB)),
            a_year().view(),
        ]

    def test_it_has_nothing_to_say_about_nothing(self) -> None:
        for view in (Footage().view(), Footage().view(disk(free_bytes=0))):
            assert not any(answer.opinions for answer in self._ask(view))

    def test_it_has_something_to_say_about_a_year(self) -> None:
        told = [self._opinions(view) for view in self.situations()]

        assert any(told)

    def test_it_speaks_of_what_it_was_shown(self) -> None:
        for view in self.situations():
            shown = set(view.segments())
            assert {it.segment for it in self._opinions(view)} <= shown

    def test_it_gives_a_short_reason_for_each_segment(self) -> None:
        for view in self.situations():
            for opinion in self._opinions(view):
                assert 0 < len(opinion.reason) <= LONGEST_REASON
                assert "\n" not in opinion.reason

    def test_it_tells_the_same_story_twice(self) -> None:
        for view in self.situations():
            assert self._opinions(view) == self._opinions(view)

    def test_it_reads_no_more_than_is_taken(self) -> None:
        footage = a_year()
        plugins = self.plugins()

        list(plugins.expired_segments(footage.view(disk()), NOW_US, limit=1))

        assert footage.pages_read <= 2

    def test_it_hurries_only_where_room_is_short(self) -> None:
        roomy = a_year().view(disk())

        assert not any(it.is_pressing for it in self._opinions(roomy))

    def _ask(self, view: FootageView) -> list[Answer]:
        plugins = self.plugins()
        candidates = list(view.segments())
        return [
            *plugins.expired_segments(view, NOW_US, limit=100_000),
            *plugins.protected_segments(view, candidates, NOW_US),
        ]

    def _opinions(self, view: FootageView) -> list[Opinion]:
        answers = self._ask(view)
        assert not any(answer.has_failed for answer in answers)
        return [opinion for answer in answers for opinion in answer.opinions]
