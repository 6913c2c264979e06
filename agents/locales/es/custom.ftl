custom-no-steps = No hay pasos para esto en la configuración.
custom-wrong-steps = Los pasos configurados no sirven: { $reason }
custom-not-for-guests = Solo el dueño y los miembros de esta casa pueden ejecutar pasos configurados.
custom-done = Hecho: { $goal }. { $steps } pasos, { $credits } créditos.
custom-failed = El paso «{ $step }» no salió según lo previsto: { $reason }. Hecho antes: { $done }.
custom-not-started = { $reason }
custom-change = Estos pasos están en la configuración; cámbielos allí y empiece de nuevo. Usted escribió: { $wish }
intent-custom = pasos configurados
