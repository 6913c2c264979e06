undo-finished = Undone: { $label }
undo-failed = I could not undo this: { $label }. { $reason }
intent-undo = undo something
