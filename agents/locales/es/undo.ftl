undo-finished = Deshecho: { $label }
undo-failed = No he podido deshacer esto: { $label }. { $reason }
intent-undo = deshacer algo
