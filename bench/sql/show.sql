SELECT id, name, description, network_id, network_type, physical_network, segmentation_id, segment_index, created_at,
    updated_at, revision_number
    FROM segments WHERE id = :segment_id;
