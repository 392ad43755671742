BEGIN;
SELECT id, name, description, network_id, network_type, segmentation_id, segment_index, revision_number
    FROM segments WHERE id = :new_id FOR UPDATE \gset
DELETE FROM segments WHERE id = :new_id;
INSERT INTO events (event_id, type, resource_id, payload, actor, request_id, created_at)
    VALUES (:event_id, 'segment.deleted', :new_id, :payload, 'anonymous', :request_id, :now);
COMMIT;
