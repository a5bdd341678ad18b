"""What a schema can't say about a request or its response. Each rule here has its reason. Everything else is a mismatch."""

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import JsonSchemaError, RejectedPositiveData

# Headers with which a request of the form of its schema still gets 400.
BY_HEADER = {
    # An ETag is in quotes. schemathesis makes no text with quotes for a header, so that a pattern would leave it without any.
    "If-Match",
}
# A request that has the form of its schema, and still gets 400, because of one of these parameters.
BY_PARAMETER = {
    # A cursor is sealed: no generated text is one.
    "cursor",
    # Which characters form a word is a matter of Unicode.
    "q",
    # Rules between two parameters: relevance needs `q`, and the record of an expansion is named only together with it.
    "sort",
    "fields",
}
BY_OPERATION = {
    # Exactly one of three parameters is sent.
    "stock_availability_get": {"product_id"},
    # The values depend on the report, on its period and on the list of time zones. `GET /v1/reports` has them.
    "reports_get": {
        "expires_before",
        "group_by",
        "tz",
        "channel",
        "country",
        "currency",
        "location",
        "product",
        "category",
        "customer",
        "threshold",
        "measure",
    },
    # The parameter holds a JSON object, and without any parameter the route is the page of the editor.
    "graphql_get": {"query", "variables"},
}


def rejected_parts(response):
    """Returns the parameters and headers that a rejection names, or nothing if it names anything else."""
    if response.status_code != 400:
        return set()
    names = [error.get("parameter") or error.get("header") for error in response.json().get("errors", [])]
    return set(names) if all(names) else set()


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Returns whether a failure counts."""
    if isinstance(failure, RejectedPositiveData):
        operation = case.operation.definition.raw.get("operationId")
        named = rejected_parts(response)
        return not named or not named <= BY_HEADER | BY_PARAMETER | BY_OPERATION.get(operation, set())
    # A batch route rejects an item on its own: the response is 207 and has the problem of the item, here that of the one which
    # was made wrong.
    if isinstance(failure, AcceptedNegativeData) and response.status_code == 207:
        return response.json()["refused"] == 0
    # A schema can't depend on the request. With `fields`, a row has the members that were asked for, and no others. The types of
    # the members still count.
    if isinstance(failure, JsonSchemaError) and "fields" in (case.query or {}):
        is_row = len(failure.instance_path) == 2 and failure.instance_path[0] == "data"
        return not (is_row and failure.schema_path[-1] == "required")
    return True
