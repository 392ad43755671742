SELECT agents.id, physical_network, via FROM agents JOIN reaches ON reaches.agent_id = agents.id
    WHERE agents.host = :host;
