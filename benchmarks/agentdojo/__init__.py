"""AgentDojo's user tasks and injections, played by a scripted traitor through our dispatcher."""
