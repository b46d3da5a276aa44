"""Read responses of a server whose schema is newer than that of the generated client."""

from dealdesk_sdk import CloseOpportunity  # type: ignore[import-not-found] # generated
from pydantic import ValidationError


def answer(typename: str, code: str) -> dict[str, dict[str, object]]:
    refusal: dict[str, object] = {
        "__typename": typename,
        "code": code,
        "message": "Wait for the credit check.",
        "path": None,
    }
    return {"closeOpportunity": refusal}


refused = CloseOpportunity.model_validate(answer("OperationError", "CREDIT_CHECK_PENDING"))
assert refused.close_opportunity.code == "CREDIT_CHECK_PENDING"

try:
    CloseOpportunity.model_validate(answer("CreditCheckPendingError", "CREDIT_CHECK_PENDING"))
except ValidationError:
    pass
else:
    raise AssertionError("the client accepts an unknown member of the union")
