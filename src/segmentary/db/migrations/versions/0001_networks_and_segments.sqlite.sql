CREATE TABLE agents (
    id TEXT NOT NULL,
    agent_type TEXT NOT NULL,
    program TEXT NOT NULL,
    topic TEXT NOT NULL,
    host TEXT NOT NULL,
    availability_zone TEXT,
    admin_state_up INTEGER NOT NULL,
    description TEXT,
    started_at TEXT NOT NULL,
    heartbeat_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT agent_agent_type_allowed CHECK (length(agent_type) BETWEEN 1 AND 255),
    CONSTRAINT agent_program_allowed CHECK (length(program) BETWEEN 0 AND 255),
    CONSTRAINT agent_topic_allowed CHECK (length(topic) BETWEEN 0 AND 255),
    CONSTRAINT agent_host_allowed CHECK (length(host) BETWEEN 1 AND 255),
    CONSTRAINT agent_availability_zone_allowed CHECK (availability_zone IS NULL OR availability_zone IS NOT NULL AND length(availability_zone) BETWEEN 0 AND 255),
    CONSTRAINT agent_description_allowed CHECK (description IS NULL OR description IS NOT NULL AND length(description) BETWEEN 0 AND 255),
    CONSTRAINT agent_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT agent_id_allowed CHECK (id LIKE '________-____-____-____-____________' AND id NOT GLOB '*[^0-9a-f-]*' AND length(replace(id, '-', '')) = 32),
    CONSTRAINT agent_admin_state_up_allowed CHECK (admin_state_up IN (0, 1)),
    CONSTRAINT agent_started_at_allowed CHECK (started_at IS strftime('%Y-%m-%dT%H:%M:%SZ', started_at, '+0 days')),
    CONSTRAINT agent_heartbeat_at_allowed CHECK (heartbeat_at IS strftime('%Y-%m-%dT%H:%M:%SZ', heartbeat_at, '+0 days')),
    CONSTRAINT agent_created_at_allowed CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%SZ', created_at, '+0 days')),
    CONSTRAINT agent_updated_at_allowed CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, '+0 days')),
    CONSTRAINT agent_unique UNIQUE (host, agent_type)
)
 STRICT;

CREATE TABLE answers (
    project_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (project_id, idempotency_key)
)
 STRICT;

CREATE INDEX answers_created_at ON answers (created_at);

CREATE TABLE event_destinations (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    topic TEXT,
    shape TEXT NOT NULL,
    types TEXT NOT NULL,
    username TEXT,
    secret TEXT,
    paused INTEGER NOT NULL,
    timeout INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT event_destination_name_allowed CHECK (length(name) BETWEEN 0 AND 255),
    CONSTRAINT event_destination_description_allowed CHECK (length(description) BETWEEN 0 AND 255),
    CONSTRAINT event_destination_kind_allowed CHECK (kind IN ('webhook', 'nats', 'rabbitmq')),
    CONSTRAINT event_destination_endpoint_allowed CHECK (length(endpoint) BETWEEN 1 AND 2048),
    CONSTRAINT event_destination_topic_allowed CHECK (topic IS NULL OR topic IS NOT NULL AND length(topic) BETWEEN 1 AND 200),
    CONSTRAINT event_destination_shape_allowed CHECK (shape IN ('cloudevents', 'notification')),
    CONSTRAINT event_destination_types_allowed CHECK (length(types) BETWEEN 0 AND 4096),
    CONSTRAINT event_destination_username_allowed CHECK (username IS NULL OR username IS NOT NULL AND length(username) BETWEEN 1 AND 255),
    CONSTRAINT event_destination_secret_allowed CHECK (secret IS NULL OR secret IS NOT NULL AND length(secret) BETWEEN 1 AND 255),
    CONSTRAINT event_destination_timeout_allowed CHECK (timeout BETWEEN 1 AND 60),
    CONSTRAINT event_destination_attempts_allowed CHECK (attempts BETWEEN 1 AND 1000),
    CONSTRAINT event_destination_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT event_destination_topic_of_broker CHECK ((kind != 'webhook' OR topic IS NULL) AND ((kind NOT IN ('nats', 'rabbitmq')) OR topic IS NOT NULL)),
    CONSTRAINT event_destination_notification_on_rabbitmq CHECK (shape != 'notification' OR kind = 'rabbitmq'),
    CONSTRAINT event_destination_username_of_broker CHECK (kind != 'webhook' OR username IS NULL),
    CONSTRAINT event_destination_id_allowed CHECK (id LIKE '________-____-____-____-____________' AND id NOT GLOB '*[^0-9a-f-]*' AND length(replace(id, '-', '')) = 32),
    CONSTRAINT event_destination_paused_allowed CHECK (paused IN (0, 1)),
    CONSTRAINT event_destination_created_at_allowed CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%SZ', created_at, '+0 days')),
    CONSTRAINT event_destination_updated_at_allowed CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, '+0 days'))
)
 STRICT;

CREATE TABLE events (
    id INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    sequence INTEGER,
    type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT,
    created_at TEXT NOT NULL,
    project_id TEXT,
    actor_project_id TEXT,
    PRIMARY KEY (id),
    CONSTRAINT event_id_unique UNIQUE (event_id),
    CONSTRAINT event_sequence_unique UNIQUE (sequence)
)
 STRICT;

CREATE INDEX events_project_id_sequence ON events (project_id, sequence);

CREATE INDEX events_resource_id_id ON events (resource_id, id);

CREATE TABLE journal (
    id INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    sequence INTEGER,
    type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT,
    created_at TEXT NOT NULL,
    project_id TEXT,
    actor_project_id TEXT,
    PRIMARY KEY (id)
)
 STRICT;

CREATE INDEX journal_resource_id_id ON journal (resource_id, id);

CREATE TABLE networks (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    project_id TEXT NOT NULL,
    admin_state_up INTEGER NOT NULL,
    shared INTEGER NOT NULL,
    router_external INTEGER NOT NULL,
    mtu INTEGER NOT NULL,
    mtu_requested INTEGER NOT NULL,
    next_segment_index INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision_number INTEGER NOT NULL,
    tags TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT network_name_allowed CHECK (length(name) BETWEEN 0 AND 255),
    CONSTRAINT network_description_allowed CHECK (length(description) BETWEEN 0 AND 255),
    CONSTRAINT network_project_id_allowed CHECK (length(project_id) BETWEEN 0 AND 255),
    CONSTRAINT network_mtu_allowed CHECK (mtu BETWEEN 0 AND 65535),
    CONSTRAINT network_next_segment_index_allowed CHECK (next_segment_index BETWEEN 0 AND 2147483647),
    CONSTRAINT network_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT network_id_allowed CHECK (id LIKE '________-____-____-____-____________' AND id NOT GLOB '*[^0-9a-f-]*' AND length(replace(id, '-', '')) = 32),
    CONSTRAINT network_admin_state_up_allowed CHECK (admin_state_up IN (0, 1)),
    CONSTRAINT network_shared_allowed CHECK (shared IN (0, 1)),
    CONSTRAINT network_router_external_allowed CHECK (router_external IN (0, 1)),
    CONSTRAINT network_mtu_requested_allowed CHECK (mtu_requested IN (0, 1)),
    CONSTRAINT network_created_at_allowed CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%SZ', created_at, '+0 days')),
    CONSTRAINT network_updated_at_allowed CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, '+0 days')),
    CONSTRAINT network_tags_allowed CHECK (tags = '' OR (substr(tags, 1, 1) = char(10) AND substr(tags, -1) = char(10) AND length(tags) BETWEEN 3 AND 12801 AND instr(tags, char(10, 10)) = 0))
)
 STRICT;

CREATE INDEX networks_project_id_id ON networks (project_id, id);

CREATE INDEX networks_router_external_id ON networks (router_external, id);

CREATE INDEX networks_shared_id ON networks (shared, id);

CREATE TABLE physical_networks (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    mtu INTEGER,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT physical_network_name_allowed CHECK (length(name) BETWEEN 1 AND 64),
    CONSTRAINT physical_network_description_allowed CHECK (length(description) BETWEEN 0 AND 255),
    CONSTRAINT physical_network_mtu_allowed CHECK (mtu IS NULL OR mtu IS NOT NULL AND mtu BETWEEN 68 AND 65535),
    CONSTRAINT physical_network_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT physical_network_id_allowed CHECK (id LIKE '________-____-____-____-____________' AND id NOT GLOB '*[^0-9a-f-]*' AND length(replace(id, '-', '')) = 32),
    CONSTRAINT physical_network_created_at_allowed CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%SZ', created_at, '+0 days')),
    CONSTRAINT physical_network_updated_at_allowed CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, '+0 days')),
    CONSTRAINT physical_network_name_unique UNIQUE (name)
)
 STRICT;

CREATE TABLE quotas (
    project_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    hard_limit INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (project_id, resource)
)
 STRICT;

CREATE TABLE range_scopes (
    network_type TEXT NOT NULL,
    scope TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (network_type, scope)
)
 STRICT;

CREATE TABLE range_slots (
    network_type TEXT NOT NULL,
    scope TEXT NOT NULL,
    slot INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (network_type, scope, slot)
)
 STRICT;

CREATE TABLE relay (
    id INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT;

INSERT INTO relay (id, turns) VALUES (1, 0);

CREATE TABLE releases (
    network_type TEXT NOT NULL,
    scope TEXT NOT NULL,
    segmentation_id INTEGER NOT NULL,
    released_at INTEGER NOT NULL,
    PRIMARY KEY (network_type, scope, segmentation_id)
)
 STRICT;

CREATE INDEX releases_oldest ON releases (network_type, scope, released_at, segmentation_id);

CREATE TABLE dead_letters (
    destination_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT,
    created_at TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    died_at TEXT NOT NULL,
    replay INTEGER NOT NULL,
    PRIMARY KEY (destination_id, sequence),
    CONSTRAINT dead_letter_destination FOREIGN KEY(destination_id) REFERENCES event_destinations (id) ON DELETE CASCADE
)
 STRICT;

CREATE INDEX dead_letters_destination_id_replay ON dead_letters (destination_id, replay, sequence);

CREATE INDEX dead_letters_destination_id_resource_id ON dead_letters (destination_id, resource_id);

CREATE TABLE deliveries (
    destination_id TEXT NOT NULL,
    acknowledged INTEGER NOT NULL,
    holder TEXT,
    turns INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    last_error TEXT,
    last_failed_at TEXT,
    PRIMARY KEY (destination_id),
    CONSTRAINT delivery_destination FOREIGN KEY(destination_id) REFERENCES event_destinations (id) ON DELETE CASCADE
)
 STRICT;

CREATE TABLE network_segment_ranges (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    shared INTEGER NOT NULL,
    project_id TEXT,
    network_type TEXT NOT NULL,
    physical_network TEXT,
    minimum INTEGER NOT NULL,
    maximum INTEGER NOT NULL,
    allocation TEXT NOT NULL,
    cooldown INTEGER NOT NULL,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision_number INTEGER NOT NULL,
    tags TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT network_segment_range_name_allowed CHECK (length(name) BETWEEN 0 AND 255),
    CONSTRAINT network_segment_range_description_allowed CHECK (length(description) BETWEEN 0 AND 255),
    CONSTRAINT network_segment_range_project_id_allowed CHECK (project_id IS NULL OR project_id IS NOT NULL AND length(project_id) BETWEEN 1 AND 255),
    CONSTRAINT network_segment_range_network_type_allowed CHECK (network_type IN ('vlan', 'vxlan', 'gre', 'geneve')),
    CONSTRAINT network_segment_range_physical_network_allowed CHECK (physical_network IS NULL OR physical_network IS NOT NULL AND length(physical_network) BETWEEN 1 AND 64),
    CONSTRAINT network_segment_range_minimum_allowed CHECK (minimum BETWEEN 1 AND 4294967295),
    CONSTRAINT network_segment_range_maximum_allowed CHECK (maximum BETWEEN 1 AND 4294967295),
    CONSTRAINT network_segment_range_allocation_allowed CHECK (allocation IN ('random', 'lowest', 'least_recently_released')),
    CONSTRAINT network_segment_range_cooldown_allowed CHECK (cooldown BETWEEN 0 AND 31622400),
    CONSTRAINT network_segment_range_state_allowed CHECK (state IN ('active', 'draining', 'reserved')),
    CONSTRAINT network_segment_range_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT network_segment_range_vlan_physical_network CHECK (network_type != 'vlan' OR physical_network IS NOT NULL),
    CONSTRAINT network_segment_range_vlan_minimum CHECK (network_type != 'vlan' OR minimum BETWEEN 1 AND 4094),
    CONSTRAINT network_segment_range_vlan_maximum CHECK (network_type != 'vlan' OR maximum BETWEEN 1 AND 4094),
    CONSTRAINT network_segment_range_vxlan_physical_network CHECK (network_type != 'vxlan' OR physical_network IS NULL),
    CONSTRAINT network_segment_range_vxlan_minimum CHECK (network_type != 'vxlan' OR minimum BETWEEN 1 AND 16777215),
    CONSTRAINT network_segment_range_vxlan_maximum CHECK (network_type != 'vxlan' OR maximum BETWEEN 1 AND 16777215),
    CONSTRAINT network_segment_range_gre_physical_network CHECK (network_type != 'gre' OR physical_network IS NULL),
    CONSTRAINT network_segment_range_gre_minimum CHECK (network_type != 'gre' OR minimum BETWEEN 1 AND 4294967295),
    CONSTRAINT network_segment_range_gre_maximum CHECK (network_type != 'gre' OR maximum BETWEEN 1 AND 4294967295),
    CONSTRAINT network_segment_range_geneve_physical_network CHECK (network_type != 'geneve' OR physical_network IS NULL),
    CONSTRAINT network_segment_range_geneve_minimum CHECK (network_type != 'geneve' OR minimum BETWEEN 1 AND 16777215),
    CONSTRAINT network_segment_range_geneve_maximum CHECK (network_type != 'geneve' OR maximum BETWEEN 1 AND 16777215),
    CONSTRAINT network_segment_range_minimum_at_most_maximum CHECK (minimum <= maximum),
    CONSTRAINT network_segment_range_owner CHECK (shared = 1 AND project_id IS NULL OR shared != 1 AND project_id IS NOT NULL),
    CONSTRAINT network_segment_range_id_allowed CHECK (id LIKE '________-____-____-____-____________' AND id NOT GLOB '*[^0-9a-f-]*' AND length(replace(id, '-', '')) = 32),
    CONSTRAINT network_segment_range_shared_allowed CHECK (shared IN (0, 1)),
    CONSTRAINT network_segment_range_created_at_allowed CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%SZ', created_at, '+0 days')),
    CONSTRAINT network_segment_range_updated_at_allowed CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, '+0 days')),
    CONSTRAINT network_segment_range_tags_allowed CHECK (tags = '' OR (substr(tags, 1, 1) = char(10) AND substr(tags, -1) = char(10) AND length(tags) BETWEEN 3 AND 12801 AND instr(tags, char(10, 10)) = 0)),
    CONSTRAINT network_segment_range_physical_network_known FOREIGN KEY(physical_network) REFERENCES physical_networks (name)
)
 STRICT;

CREATE INDEX network_segment_range_physical_network_known_index ON network_segment_ranges (physical_network);

CREATE TABLE observations (
    agent_id TEXT NOT NULL,
    network_type TEXT NOT NULL,
    scope TEXT NOT NULL,
    segmentation_id INTEGER NOT NULL,
    host TEXT NOT NULL,
    network_id TEXT,
    PRIMARY KEY (agent_id, network_type, scope, segmentation_id),
    CONSTRAINT observation_agent FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE
)
 STRICT;

CREATE INDEX observations_host ON observations (host);

CREATE TABLE rbac_policies (
    id TEXT NOT NULL,
    description TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    action TEXT NOT NULL,
    target_project TEXT NOT NULL,
    project_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT rbac_policy_description_allowed CHECK (length(description) BETWEEN 0 AND 255),
    CONSTRAINT rbac_policy_object_type_allowed CHECK (object_type = 'network'),
    CONSTRAINT rbac_policy_action_allowed CHECK (action IN ('access_as_shared', 'access_as_external')),
    CONSTRAINT rbac_policy_target_project_allowed CHECK (length(target_project) BETWEEN 1 AND 255),
    CONSTRAINT rbac_policy_project_id_allowed CHECK (length(project_id) BETWEEN 0 AND 255),
    CONSTRAINT rbac_policy_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT rbac_policy_id_allowed CHECK (id LIKE '________-____-____-____-____________' AND id NOT GLOB '*[^0-9a-f-]*' AND length(replace(id, '-', '')) = 32),
    CONSTRAINT rbac_policy_object_id_allowed CHECK (object_id LIKE '________-____-____-____-____________' AND object_id NOT GLOB '*[^0-9a-f-]*' AND length(replace(object_id, '-', '')) = 32),
    CONSTRAINT rbac_policy_created_at_allowed CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%SZ', created_at, '+0 days')),
    CONSTRAINT rbac_policy_updated_at_allowed CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, '+0 days')),
    CONSTRAINT rbac_policy_unique UNIQUE (object_id, action, target_project),
    CONSTRAINT rbac_policy_network FOREIGN KEY(object_id) REFERENCES networks (id)
)
 STRICT;

CREATE INDEX rbac_policies_action_target_project_object_id ON rbac_policies (action, target_project, object_id);

CREATE INDEX rbac_policies_project_id_id ON rbac_policies (project_id, id);

CREATE INDEX rbac_policies_target_project_id ON rbac_policies (target_project, id);

CREATE TABLE reaches (
    agent_id TEXT NOT NULL,
    physical_network TEXT NOT NULL,
    host TEXT NOT NULL,
    via TEXT NOT NULL,
    PRIMARY KEY (agent_id, physical_network),
    CONSTRAINT reach_agent FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE,
    CONSTRAINT reach_physical_network_known FOREIGN KEY(physical_network) REFERENCES physical_networks (name)
)
 STRICT;

CREATE INDEX reaches_host_physical_network ON reaches (host, physical_network);

CREATE INDEX reaches_physical_network_host ON reaches (physical_network, host);

CREATE TABLE segments (
    id TEXT NOT NULL,
    name TEXT,
    description TEXT NOT NULL,
    network_id TEXT NOT NULL,
    network_type TEXT NOT NULL,
    physical_network TEXT,
    segmentation_id INTEGER,
    segment_index INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision_number INTEGER NOT NULL,
    tags TEXT NOT NULL,
    claim_scope TEXT GENERATED ALWAYS AS (coalesce(physical_network, '')) STORED,
    claim_id INTEGER GENERATED ALWAYS AS (CASE WHEN (network_type IN ('flat', 'vlan', 'vxlan', 'gre', 'geneve')) THEN coalesce(segmentation_id, 0) END) STORED,
    PRIMARY KEY (id),
    CONSTRAINT segment_name_allowed CHECK (name IS NULL OR name IS NOT NULL AND length(name) BETWEEN 0 AND 255),
    CONSTRAINT segment_description_allowed CHECK (length(description) BETWEEN 0 AND 255),
    CONSTRAINT segment_network_type_allowed CHECK (network_type IN ('local', 'flat', 'vlan', 'vxlan', 'gre', 'geneve')),
    CONSTRAINT segment_physical_network_allowed CHECK (physical_network IS NULL OR physical_network IS NOT NULL AND length(physical_network) BETWEEN 1 AND 64),
    CONSTRAINT segment_segmentation_id_allowed CHECK (segmentation_id IS NULL OR segmentation_id IS NOT NULL AND segmentation_id BETWEEN 1 AND 4294967295),
    CONSTRAINT segment_segment_index_allowed CHECK (segment_index BETWEEN 0 AND 2147483647),
    CONSTRAINT segment_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT segment_local_physical_network CHECK (network_type != 'local' OR physical_network IS NULL),
    CONSTRAINT segment_local_no_id CHECK (network_type != 'local' OR segmentation_id IS NULL),
    CONSTRAINT segment_flat_physical_network CHECK (network_type != 'flat' OR physical_network IS NOT NULL),
    CONSTRAINT segment_flat_no_id CHECK (network_type != 'flat' OR segmentation_id IS NULL),
    CONSTRAINT segment_vlan_physical_network CHECK (network_type != 'vlan' OR physical_network IS NOT NULL),
    CONSTRAINT segment_vlan_id_range CHECK (network_type != 'vlan' OR segmentation_id IS NOT NULL AND segmentation_id BETWEEN 1 AND 4094),
    CONSTRAINT segment_vxlan_physical_network CHECK (network_type != 'vxlan' OR physical_network IS NULL),
    CONSTRAINT segment_vxlan_id_range CHECK (network_type != 'vxlan' OR segmentation_id IS NOT NULL AND segmentation_id BETWEEN 1 AND 16777215),
    CONSTRAINT segment_gre_physical_network CHECK (network_type != 'gre' OR physical_network IS NULL),
    CONSTRAINT segment_gre_id_range CHECK (network_type != 'gre' OR segmentation_id IS NOT NULL AND segmentation_id BETWEEN 1 AND 4294967295),
    CONSTRAINT segment_geneve_physical_network CHECK (network_type != 'geneve' OR physical_network IS NULL),
    CONSTRAINT segment_geneve_id_range CHECK (network_type != 'geneve' OR segmentation_id IS NOT NULL AND segmentation_id BETWEEN 1 AND 16777215),
    CONSTRAINT segment_id_allowed CHECK (id LIKE '________-____-____-____-____________' AND id NOT GLOB '*[^0-9a-f-]*' AND length(replace(id, '-', '')) = 32),
    CONSTRAINT segment_network_id_allowed CHECK (network_id LIKE '________-____-____-____-____________' AND network_id NOT GLOB '*[^0-9a-f-]*' AND length(replace(network_id, '-', '')) = 32),
    CONSTRAINT segment_created_at_allowed CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%SZ', created_at, '+0 days')),
    CONSTRAINT segment_updated_at_allowed CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, '+0 days')),
    CONSTRAINT segment_tags_allowed CHECK (tags = '' OR (substr(tags, 1, 1) = char(10) AND substr(tags, -1) = char(10) AND length(tags) BETWEEN 3 AND 12801 AND instr(tags, char(10, 10)) = 0)),
    CONSTRAINT segment_claim UNIQUE (network_type, claim_scope, claim_id),
    CONSTRAINT segment_index_unique UNIQUE (network_id, segment_index),
    CONSTRAINT segment_network FOREIGN KEY(network_id) REFERENCES networks (id),
    CONSTRAINT segment_physical_network_known FOREIGN KEY(physical_network) REFERENCES physical_networks (name)
)
 STRICT;

CREATE INDEX segments_physical_network_id ON segments (physical_network, id);

CREATE INDEX segments_segmentation_id_id ON segments (segmentation_id, id);

CREATE TABLE host_mappings (
    id TEXT NOT NULL,
    segment_id TEXT NOT NULL,
    host TEXT NOT NULL,
    mapping TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT host_mapping_host_allowed CHECK (length(host) BETWEEN 1 AND 255),
    CONSTRAINT host_mapping_mapping_allowed CHECK (mapping IN ('included', 'excluded')),
    CONSTRAINT host_mapping_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT host_mapping_id_allowed CHECK (id LIKE '________-____-____-____-____________' AND id NOT GLOB '*[^0-9a-f-]*' AND length(replace(id, '-', '')) = 32),
    CONSTRAINT host_mapping_segment_id_allowed CHECK (segment_id LIKE '________-____-____-____-____________' AND segment_id NOT GLOB '*[^0-9a-f-]*' AND length(replace(segment_id, '-', '')) = 32),
    CONSTRAINT host_mapping_created_at_allowed CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%SZ', created_at, '+0 days')),
    CONSTRAINT host_mapping_updated_at_allowed CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, '+0 days')),
    CONSTRAINT host_mapping_unique UNIQUE (segment_id, host),
    CONSTRAINT host_mapping_segment FOREIGN KEY(segment_id) REFERENCES segments (id) ON DELETE CASCADE
)
 STRICT;

CREATE INDEX host_mappings_host_segment_id ON host_mappings (host, segment_id);
