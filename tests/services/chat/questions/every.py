"""All recorded questions."""

from tests.services.chat.questions import (
    default,
    gpu_expert,
    network_cnf,
    platform_ops,
    telco_5g,
)
from tests.services.chat.questions.question import Question

QUESTIONS: tuple[Question, ...] = (
    *default.QUESTIONS,
    *platform_ops.QUESTIONS,
    *gpu_expert.QUESTIONS,
    *network_cnf.QUESTIONS,
    *telco_5g.QUESTIONS,
)
