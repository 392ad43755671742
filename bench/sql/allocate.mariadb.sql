BEGIN;
UPDATE networks SET next_segment_index = next_segment_index + :records WHERE id = :network_id;
SELECT id, name, description, project_id, admin_state_up, shared, router_external, mtu, mtu_requested,
    next_segment_index - :records AS first_index, revision_number FROM networks WHERE id = :network_id \gset
SELECT id, shared, minimum, maximum, allocation, cooldown, state FROM network_segment_ranges
    WHERE network_type = 'vlan' AND physical_network = :scope AND (shared OR project_id = 'bench') LOCK IN SHARE MODE \gset
SELECT coalesce(
    (SELECT used.claim_id + 1 FROM segments used
        LEFT JOIN segments next ON next.network_type = 'vlan' AND next.claim_scope = :scope
            AND next.claim_id = used.claim_id + 1
        WHERE used.network_type = 'vlan' AND used.claim_scope = :scope AND used.claim_id >= :start
            AND used.claim_id < 4094 AND next.id IS NULL ORDER BY used.claim_id LIMIT 1),
    (SELECT used.claim_id + 1 FROM segments used
        LEFT JOIN segments next ON next.network_type = 'vlan' AND next.claim_scope = :scope
            AND next.claim_id = used.claim_id + 1
        WHERE used.network_type = 'vlan' AND used.claim_scope = :scope AND used.claim_id < 4094
            AND next.id IS NULL ORDER BY used.claim_id LIMIT 1),
    :start) AS free \gset
INSERT IGNORE INTO segments (id, name, description, network_id, network_type, physical_network, segmentation_id,
    segment_index, created_at, updated_at, revision_number, tags)
    VALUES (:new_id, NULL, '', :network_id, 'vlan', :scope, :free, :first_index, :now, :now, 0, '');
INSERT INTO events (event_id, type, resource_id, payload, actor, request_id, created_at)
    VALUES (:event_id, 'segment.created', :new_id, :payload, 'anonymous', :request_id, :now);
COMMIT;
BEGIN;
DELETE FROM segments WHERE id = :new_id;
INSERT INTO events (event_id, type, resource_id, payload, actor, request_id, created_at)
    VALUES (:other_event_id, 'segment.deleted', :new_id, :payload, 'anonymous', :request_id, :now);
COMMIT;
