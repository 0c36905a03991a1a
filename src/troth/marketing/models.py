"""The room's tables; each stands with what uses it."""

from .advert_models import Advert, AdvertMember
from .audiences import Audience, Changed, Numbered
from .campaign_models import Call, Campaign, Heard, Reply, Screening, Step

__all__ = [
    "Advert", "AdvertMember", "Audience", "Call", "Campaign", "Changed", "Heard", "Numbered", "Reply", "Screening",
    "Step",
]  # fmt: skip
