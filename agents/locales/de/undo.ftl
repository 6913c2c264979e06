undo-finished = Rückgängig gemacht: { $label }
undo-failed = Das konnte ich nicht rückgängig machen: { $label }. { $reason }
intent-undo = etwas rückgängig machen
