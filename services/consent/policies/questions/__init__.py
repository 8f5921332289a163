"""
Puts a question to the policy, for each thing that can be asked.

Only this package knows both the facts as consent holds them, and their names in the schema.
"""

from services.consent.policies.questions.breaching import (
    on_breach,
    to_decide,
    to_decide_incident,
    to_tell,
)
from services.consent.policies.questions.consenting import (
    OWN_YES,
    to_agree,
    to_end,
    to_export,
    to_request,
)
from services.consent.policies.questions.leaving import (
    to_collect,
    to_collect_copy,
    to_confirm_use,
    to_recall,
    to_release_copy,
    to_send,
)
from services.consent.policies.questions.looking_after import (
    to_check,
    to_dispose,
    to_explain,
    to_foresee,
    to_freeze,
    to_list_accesses,
    to_list_walls,
    to_publish,
    to_wall,
)
from services.consent.policies.questions.naming import (
    on_name_request,
    to_ask_for_name,
    to_decide_name,
)
from services.consent.policies.questions.opening import (
    OPENING,
    to_attest_destruction,
    to_open,
    to_print,
)

__all__ = [
    "OPENING",
    "OWN_YES",
    "on_breach",
    "on_name_request",
    "to_agree",
    "to_ask_for_name",
    "to_attest_destruction",
    "to_check",
    "to_collect",
    "to_collect_copy",
    "to_confirm_use",
    "to_decide",
    "to_decide_incident",
    "to_decide_name",
    "to_dispose",
    "to_end",
    "to_explain",
    "to_export",
    "to_foresee",
    "to_freeze",
    "to_list_accesses",
    "to_list_walls",
    "to_open",
    "to_print",
    "to_publish",
    "to_recall",
    "to_release_copy",
    "to_request",
    "to_send",
    "to_tell",
    "to_wall",
]
