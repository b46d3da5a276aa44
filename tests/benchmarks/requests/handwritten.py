"""Request templates of the hand-written SQL: one path for each statement."""

from tests.benchmarks.requests.templates import Parameters, RequestTemplate, RequestTemplates


def _template(path: str, *names: str) -> RequestTemplate:
    def body(parameters: Parameters) -> Parameters:
        return {name: parameters[name] for name in names if name in parameters}

    return RequestTemplate(path, body)


TEMPLATES: RequestTemplates = {
    "W1": (RequestTemplate("/opportunity", lambda parameters: {"id": parameters["opportunityId"]}),),
    "W2": (_template("/opportunities", "ownerId"),),
    "W3": (_template("/opportunities_with_lines", "ownerId"),),
    "W4": (_template("/close_opportunity", "opportunityId"),),
    "W5": (_template("/close_quotes", "opportunityId"), _template("/close_opportunity", "opportunityId")),
    "W6": (_template("/page", "after"),),
    "W7": (_template("/state_totals"),),
    "cursor": (_template("/cursor", "first"),),
}
