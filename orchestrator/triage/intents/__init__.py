"""Package data: what people write for each built-in intent, and the words of emergencies; one file a language."""
