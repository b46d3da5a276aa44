"""The hand-written SQL, asked by paths of its own."""

from tests.benchmarks.asking.questions import Question, Questions, Subject


def _asked(path: str, *names: str) -> Question:
    def body(subject: Subject) -> Subject:
        return {name: subject[name] for name in names if name in subject}

    return Question(path, body)


QUESTIONS: Questions = {
    "W1": (Question("/opportunity", lambda subject: {"id": subject["opportunityId"]}),),
    "W2": (_asked("/opportunities", "ownerId"),),
    "W3": (_asked("/opportunities_with_lines", "ownerId"),),
    "W4": (_asked("/close_opportunity", "opportunityId"),),
    "W5": (_asked("/close_quotes", "opportunityId"), _asked("/close_opportunity", "opportunityId")),
    "W6": (_asked("/page", "after"),),
    "W7": (_asked("/state_totals"),),
    "cursor": (_asked("/cursor", "first"),),
}
