"""The room's tables; each stands with what uses it."""

from .advert_models import Advert, AdvertMember
from .audiences import Audience, Changed, Numbered
from .campaign_models import Call, Campaign, Heard, Reply, Screening, Step
from .capture_models import Attendance, CaptureForm, CaptureWording, Entry
from .partner_files import PartnerFile

__all__ = [
    "Advert", "AdvertMember", "Attendance", "Audience", "Call", "Campaign", "CaptureForm", "CaptureWording", "Changed",
    "Entry", "Heard", "Numbered", "PartnerFile", "Reply", "Screening", "Step",
]  # fmt: skip
