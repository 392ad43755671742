BEGIN;
SELECT id, name, description, network_id, network_type, segmentation_id, segment_index, revision_number
    FROM segments WHERE id = :segment_id FOR UPDATE \gset
UPDATE segments SET name = :new_name, updated_at = :now, revision_number = :revision_number + 1 WHERE id = :segment_id;
INSERT INTO events (event_id, type, resource_id, payload, actor, request_id, created_at)
    VALUES (:event_id, 'segment.updated', :segment_id, :payload, 'anonymous', :request_id, :now);
COMMIT;
