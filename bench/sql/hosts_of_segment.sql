SELECT reaches.host, 'reported' AS mapping FROM segments
    JOIN reaches ON reaches.physical_network = segments.physical_network
    WHERE segments.id = :vlan_id ORDER BY reaches.host LIMIT :limit;
