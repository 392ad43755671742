SELECT id, name, description, network_id, network_type, physical_network, segmentation_id, created_at, updated_at,
    revision_number
    FROM segments ORDER BY id LIMIT :limit;
