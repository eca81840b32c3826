"""What the next run of retention would delete, for administrators."""

from aiohttp import web
from nvr.web.describe import (
    TEXT,
    TIME,
    WHOLE,
    Answer,
    Description,
    optional,
    rows,
    shape,
)
from nvr.web.plans import Plans
from nvr.web.policy import Policy, Routes
from nvr.web.problems import Problem

from nvr.keep.plan_report import document

PLAN_SECONDS = 60.0


class RetentionApi:
    """`/retention/plan`."""

    def __init__(self, *, plans: Plans) -> None:
        self._plans = plans

    def add_to(self, routes: Routes) -> None:
        routes.add(
            "GET",
            "/api/v1/retention/plan",
            self.plan,
            policy=Policy.ADMIN,
            description=_PLAN,
        )

    async def plan(self, request: web.Request) -> web.Response:
        try:
            told = await self._plans.plan(PLAN_SECONDS)
        except TimeoutError as error:
            raise Problem(
                503,
                "busy",
                "The plan is not worked out yet. Ask again in a minute.",
                headers={"Retry-After": "60"},
            ) from error
        return web.json_response(document(told))


_EXTENT = {
    "segments": WHOLE,
    "size_bytes": WHOLE,
    "oldest": optional(TIME),
    "newest": optional(TIME),
}
_PLAN = Description(
    summary="What the next run of retention would delete",
    text="Nothing is changed by asking. Files go `after_minutes`, and not at all if "
    "the rules have changed by then. `brakes` are sentences about what holds deletion "
    "back; `kept` counts files that were passed over because a rule keeps them. "
    "Of what was marked earlier, `returning_bytes` were marked under other settings: "
    "they are judged again when the server starts with these.",
    answers=(
        Answer(
            200,
            "The plan by camera, rule and reason",
            shape(
                made=TIME,
                total=shape(**_EXTENT),
                deletions=rows(
                    shape(
                        camera_id=TEXT,
                        camera=optional(TEXT),
                        plugin=TEXT,
                        reason=TEXT,
                        after_minutes=WHOLE,
                        **_EXTENT,
                        segment_ids=rows(WHOLE),
                    )
                ),
                kept=rows(shape(plugin=TEXT, reason=TEXT, segments=WHOLE)),
                brakes=rows(TEXT),
                marked_earlier_bytes=WHOLE,
                returning_bytes=WHOLE,
            ),
        ),
    ),
    failures=(503,),
    tag="retention",
)
