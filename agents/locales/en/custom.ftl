custom-no-steps = There are no steps for this in the configuration.
custom-wrong-steps = The configured steps cannot be used: { $reason }
custom-not-for-guests = Only the owner and the members of this house can run configured steps.
custom-done = Done: { $goal }. { $steps } steps, { $credits } credits.
custom-failed = The step “{ $step }” did not go as planned: { $reason }. Done before it: { $done }.
custom-not-started = { $reason }
custom-change = These steps stand in the configuration; change them there and start again. You wrote: { $wish }
intent-custom = configured steps
