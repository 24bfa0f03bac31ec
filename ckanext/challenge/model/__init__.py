"""The tables of the extension, all named ``challenge_*``."""

from __future__ import annotations

from .accompaniment import Feedback, ParticipantMessage, Visit
from .application import Application
from .award import Award
from .campaign import Campaign, CampaignModel, MailEnd, ReminderPause
from .claim import Claim
from .cohort import Cohort, LateCode, Staff
from .collectivite import Collectivite
from .conformity import Conformity
from .contour import Contour, ContourMap, FormerCode
from .correspondence import ApplicationFile, Message, Note
from .credential import Credential, SigningKey
from .former_address import FormerAddress
from .given_role import GivenRole
from .journal import JournalEntry
from .judgement import Judgement
from .mail import Mail
from .match import Match
from .observatory import Elsewhere, ObservatorySnapshot, Observed
from .opening import Opening
from .participant import Evidence, Participant, StepStatus
from .portal_schema import PortalSchema
from .preparation import Preparation, PreparationMemory
from .programme import KeptProgramme
from .proof import ProvedAddress, WaitingRole
from .saved_view import SavedView
from .standing import Standing
from .status_list import StatusList
from .subscription import Subscription

__all__ = [
    "Application",
    "ApplicationFile",
    "Award",
    "Campaign",
    "CampaignModel",
    "Claim",
    "Cohort",
    "Collectivite",
    "Conformity",
    "Contour",
    "ContourMap",
    "Credential",
    "Elsewhere",
    "Evidence",
    "Feedback",
    "FormerAddress",
    "FormerCode",
    "GivenRole",
    "JournalEntry",
    "Judgement",
    "KeptProgramme",
    "LateCode",
    "Mail",
    "MailEnd",
    "Match",
    "Message",
    "Note",
    "ObservatorySnapshot",
    "Observed",
    "Opening",
    "Participant",
    "ParticipantMessage",
    "PortalSchema",
    "Preparation",
    "PreparationMemory",
    "ProvedAddress",
    "ReminderPause",
    "SavedView",
    "SigningKey",
    "Staff",
    "Standing",
    "StatusList",
    "StepStatus",
    "Subscription",
    "Visit",
    "WaitingRole",
]
