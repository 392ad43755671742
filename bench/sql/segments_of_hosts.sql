SELECT id, name, description, network_id, network_type, segments.physical_network, segmentation_id, created_at, updated_at,
    revision_number FROM segments
    WHERE physical_network IN (SELECT physical_network FROM reaches WHERE host IN (:host, :other_host))
    ORDER BY id LIMIT :limit;
