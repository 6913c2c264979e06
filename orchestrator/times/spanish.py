"""words"""
from orchestrator.times.vocabulary import Vocabulary, index
def vocabulary() -> Vocabulary:
    return Vocabulary("es", index([]))
