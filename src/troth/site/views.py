"""What machines ask of the house as a whole."""

from django.http import HttpRequest, JsonResponse

from troth.doors.declare import NOTHING_PERSONAL, purpose
from troth.front.house import of


@purpose(NOTHING_PERSONAL)
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that we are up, and under which policy; 503 on a day no version is in force."""
    compiled = of(request).in_force
    about = {"policy": compiled.policy.about.version.isoformat(), "digest": compiled.digest}
    return JsonResponse({"status": "ok"} | about, headers={"Cache-Control": "no-store"})
