undo-finished = 已撤销：{ $label }
undo-failed = 未能撤销：{ $label }。{ $reason }
intent-undo = 撤销某事
