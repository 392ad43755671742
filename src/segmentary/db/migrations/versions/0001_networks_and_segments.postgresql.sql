CREATE TABLE agents (
    id UUID NOT NULL,
    agent_type VARCHAR(256) COLLATE "C" NOT NULL,
    program VARCHAR(256) COLLATE "C" NOT NULL,
    topic VARCHAR(256) COLLATE "C" NOT NULL,
    host VARCHAR(256) COLLATE "C" NOT NULL,
    availability_zone VARCHAR(256) COLLATE "C",
    admin_state_up BOOLEAN NOT NULL,
    description VARCHAR(256) COLLATE "C",
    started_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    heartbeat_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT agent_agent_type_allowed CHECK (char_length(agent_type) BETWEEN 1 AND 255),
    CONSTRAINT agent_program_allowed CHECK (char_length(program) BETWEEN 0 AND 255),
    CONSTRAINT agent_topic_allowed CHECK (char_length(topic) BETWEEN 0 AND 255),
    CONSTRAINT agent_host_allowed CHECK (char_length(host) BETWEEN 1 AND 255),
    CONSTRAINT agent_availability_zone_allowed CHECK (availability_zone IS NULL OR availability_zone IS NOT NULL AND char_length(availability_zone) BETWEEN 0 AND 255),
    CONSTRAINT agent_description_allowed CHECK (description IS NULL OR description IS NOT NULL AND char_length(description) BETWEEN 0 AND 255),
    CONSTRAINT agent_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT agent_unique UNIQUE (host, agent_type)
)
 WITH (fillfactor = 90);

CREATE TABLE answers (
    project_id VARCHAR(256) COLLATE "C" NOT NULL,
    idempotency_key VARCHAR(256) COLLATE "C" NOT NULL,
    fingerprint VARCHAR(65) COLLATE "C" NOT NULL,
    answer TEXT NOT NULL,
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    PRIMARY KEY (project_id, idempotency_key)
);

CREATE INDEX answers_created_at ON answers (created_at);

CREATE TABLE event_destinations (
    id UUID NOT NULL,
    name VARCHAR(256) COLLATE "C" NOT NULL,
    description VARCHAR(256) COLLATE "C" NOT NULL,
    kind VARCHAR(33) COLLATE "C" NOT NULL,
    endpoint VARCHAR(2049) COLLATE "C" NOT NULL,
    topic VARCHAR(201) COLLATE "C",
    shape VARCHAR(33) COLLATE "C" NOT NULL,
    types VARCHAR(4097) COLLATE "C" NOT NULL,
    username VARCHAR(256) COLLATE "C",
    secret VARCHAR(256) COLLATE "C",
    paused BOOLEAN NOT NULL,
    timeout INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT event_destination_name_allowed CHECK (char_length(name) BETWEEN 0 AND 255),
    CONSTRAINT event_destination_description_allowed CHECK (char_length(description) BETWEEN 0 AND 255),
    CONSTRAINT event_destination_kind_allowed CHECK (kind IN ('webhook', 'nats', 'rabbitmq')),
    CONSTRAINT event_destination_endpoint_allowed CHECK (char_length(endpoint) BETWEEN 1 AND 2048),
    CONSTRAINT event_destination_topic_allowed CHECK (topic IS NULL OR topic IS NOT NULL AND char_length(topic) BETWEEN 1 AND 200),
    CONSTRAINT event_destination_shape_allowed CHECK (shape IN ('cloudevents', 'notification')),
    CONSTRAINT event_destination_types_allowed CHECK (char_length(types) BETWEEN 0 AND 4096),
    CONSTRAINT event_destination_username_allowed CHECK (username IS NULL OR username IS NOT NULL AND char_length(username) BETWEEN 1 AND 255),
    CONSTRAINT event_destination_secret_allowed CHECK (secret IS NULL OR secret IS NOT NULL AND char_length(secret) BETWEEN 1 AND 255),
    CONSTRAINT event_destination_timeout_allowed CHECK (timeout BETWEEN 1 AND 60),
    CONSTRAINT event_destination_attempts_allowed CHECK (attempts BETWEEN 1 AND 1000),
    CONSTRAINT event_destination_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT event_destination_topic_of_broker CHECK ((kind != 'webhook' OR topic IS NULL) AND ((kind NOT IN ('nats', 'rabbitmq')) OR topic IS NOT NULL)),
    CONSTRAINT event_destination_notification_on_rabbitmq CHECK (shape != 'notification' OR kind = 'rabbitmq'),
    CONSTRAINT event_destination_username_of_broker CHECK (kind != 'webhook' OR username IS NULL)
)
 WITH (fillfactor = 90);

CREATE TABLE events (
    id BIGSERIAL NOT NULL,
    event_id UUID NOT NULL,
    sequence BIGINT,
    type VARCHAR(65) COLLATE "C" NOT NULL,
    resource_id UUID NOT NULL,
    payload TEXT NOT NULL,
    actor VARCHAR(256) COLLATE "C" NOT NULL,
    request_id VARCHAR(65) COLLATE "C",
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    project_id VARCHAR(256) COLLATE "C",
    actor_project_id VARCHAR(256) COLLATE "C",
    PRIMARY KEY (id),
    CONSTRAINT event_id_unique UNIQUE (event_id),
    CONSTRAINT event_sequence_unique UNIQUE (sequence)
);

CREATE INDEX events_project_id_sequence ON events (project_id, sequence);

CREATE INDEX events_resource_id_id ON events (resource_id, id);

CREATE TABLE journal (
    id BIGSERIAL NOT NULL,
    event_id UUID NOT NULL,
    sequence BIGINT,
    type VARCHAR(65) COLLATE "C" NOT NULL,
    resource_id UUID NOT NULL,
    payload TEXT NOT NULL,
    actor VARCHAR(256) COLLATE "C" NOT NULL,
    request_id VARCHAR(65) COLLATE "C",
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    project_id VARCHAR(256) COLLATE "C",
    actor_project_id VARCHAR(256) COLLATE "C",
    PRIMARY KEY (id)
);

CREATE INDEX journal_resource_id_id ON journal (resource_id, id);

CREATE TABLE networks (
    id UUID NOT NULL,
    name VARCHAR(256) COLLATE "C" NOT NULL,
    description VARCHAR(256) COLLATE "C" NOT NULL,
    project_id VARCHAR(256) COLLATE "C" NOT NULL,
    admin_state_up BOOLEAN NOT NULL,
    shared BOOLEAN NOT NULL,
    router_external BOOLEAN NOT NULL,
    mtu INTEGER NOT NULL,
    mtu_requested BOOLEAN NOT NULL,
    next_segment_index INTEGER NOT NULL,
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    revision_number INTEGER NOT NULL,
    tags TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT network_name_allowed CHECK (char_length(name) BETWEEN 0 AND 255),
    CONSTRAINT network_description_allowed CHECK (char_length(description) BETWEEN 0 AND 255),
    CONSTRAINT network_project_id_allowed CHECK (char_length(project_id) BETWEEN 0 AND 255),
    CONSTRAINT network_mtu_allowed CHECK (mtu BETWEEN 0 AND 65535),
    CONSTRAINT network_next_segment_index_allowed CHECK (next_segment_index BETWEEN 0 AND 2147483647),
    CONSTRAINT network_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT network_tags_allowed CHECK (tags = '' OR (left(tags, 1) = chr(10) AND right(tags, 1) = chr(10) AND char_length(tags) BETWEEN 3 AND 12801 AND strpos(tags, chr(10) || chr(10)) = 0))
)
 WITH (fillfactor = 90);

CREATE INDEX networks_project_id_id ON networks (project_id, id);

CREATE INDEX networks_router_external_id ON networks (router_external, id);

CREATE INDEX networks_shared_id ON networks (shared, id);

CREATE TABLE physical_networks (
    id UUID NOT NULL,
    name VARCHAR(65) COLLATE "C" NOT NULL,
    description VARCHAR(256) COLLATE "C" NOT NULL,
    mtu INTEGER,
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT physical_network_name_allowed CHECK (char_length(name) BETWEEN 1 AND 64),
    CONSTRAINT physical_network_description_allowed CHECK (char_length(description) BETWEEN 0 AND 255),
    CONSTRAINT physical_network_mtu_allowed CHECK (mtu IS NULL OR mtu IS NOT NULL AND mtu BETWEEN 68 AND 65535),
    CONSTRAINT physical_network_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT physical_network_name_unique UNIQUE (name)
)
 WITH (fillfactor = 90);

CREATE TABLE quotas (
    project_id VARCHAR(256) COLLATE "C" NOT NULL,
    resource VARCHAR(65) COLLATE "C" NOT NULL,
    hard_limit BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (project_id, resource)
);

CREATE TABLE range_scopes (
    network_type VARCHAR(33) COLLATE "C" NOT NULL,
    scope VARCHAR(65) COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (network_type, scope)
);

CREATE TABLE range_slots (
    network_type VARCHAR(33) COLLATE "C" NOT NULL,
    scope VARCHAR(65) COLLATE "C" NOT NULL,
    slot BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (network_type, scope, slot)
);

CREATE TABLE relay (
    id BIGINT NOT NULL,
    turns BIGINT NOT NULL,
    PRIMARY KEY (id)
);

INSERT INTO relay (id, turns) VALUES (1, 0);

CREATE TABLE releases (
    network_type VARCHAR(33) COLLATE "C" NOT NULL,
    scope VARCHAR(65) COLLATE "C" NOT NULL,
    segmentation_id BIGINT NOT NULL,
    released_at BIGINT NOT NULL,
    PRIMARY KEY (network_type, scope, segmentation_id)
);

CREATE INDEX releases_oldest ON releases (network_type, scope, released_at, segmentation_id);

CREATE TABLE dead_letters (
    destination_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    event_id UUID NOT NULL,
    type VARCHAR(65) COLLATE "C" NOT NULL,
    resource_id UUID NOT NULL,
    payload TEXT NOT NULL,
    actor VARCHAR(256) COLLATE "C" NOT NULL,
    request_id VARCHAR(65) COLLATE "C",
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    attempts BIGINT NOT NULL,
    error VARCHAR(256) COLLATE "C" NOT NULL,
    died_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    replay BOOLEAN NOT NULL,
    PRIMARY KEY (destination_id, sequence),
    CONSTRAINT dead_letter_destination FOREIGN KEY(destination_id) REFERENCES event_destinations (id) ON DELETE CASCADE
);

CREATE INDEX dead_letters_destination_id_replay ON dead_letters (destination_id, replay, sequence);

CREATE INDEX dead_letters_destination_id_resource_id ON dead_letters (destination_id, resource_id);

CREATE TABLE deliveries (
    destination_id UUID NOT NULL,
    acknowledged BIGINT NOT NULL,
    holder UUID,
    turns BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    last_error VARCHAR(256) COLLATE "C",
    last_failed_at TIMESTAMP(0) WITH TIME ZONE,
    PRIMARY KEY (destination_id),
    CONSTRAINT delivery_destination FOREIGN KEY(destination_id) REFERENCES event_destinations (id) ON DELETE CASCADE
);

CREATE TABLE network_segment_ranges (
    id UUID NOT NULL,
    name VARCHAR(256) COLLATE "C" NOT NULL,
    description VARCHAR(256) COLLATE "C" NOT NULL,
    shared BOOLEAN NOT NULL,
    project_id VARCHAR(256) COLLATE "C",
    network_type VARCHAR(33) COLLATE "C" NOT NULL,
    physical_network VARCHAR(65) COLLATE "C",
    minimum BIGINT NOT NULL,
    maximum BIGINT NOT NULL,
    allocation VARCHAR(33) COLLATE "C" NOT NULL,
    cooldown INTEGER NOT NULL,
    state VARCHAR(33) COLLATE "C" NOT NULL,
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    revision_number INTEGER NOT NULL,
    tags TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT network_segment_range_name_allowed CHECK (char_length(name) BETWEEN 0 AND 255),
    CONSTRAINT network_segment_range_description_allowed CHECK (char_length(description) BETWEEN 0 AND 255),
    CONSTRAINT network_segment_range_project_id_allowed CHECK (project_id IS NULL OR project_id IS NOT NULL AND char_length(project_id) BETWEEN 1 AND 255),
    CONSTRAINT network_segment_range_network_type_allowed CHECK (network_type IN ('vlan', 'vxlan', 'gre', 'geneve')),
    CONSTRAINT network_segment_range_physical_network_allowed CHECK (physical_network IS NULL OR physical_network IS NOT NULL AND char_length(physical_network) BETWEEN 1 AND 64),
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
    CONSTRAINT network_segment_range_owner CHECK (shared = true AND project_id IS NULL OR shared != true AND project_id IS NOT NULL),
    CONSTRAINT network_segment_range_tags_allowed CHECK (tags = '' OR (left(tags, 1) = chr(10) AND right(tags, 1) = chr(10) AND char_length(tags) BETWEEN 3 AND 12801 AND strpos(tags, chr(10) || chr(10)) = 0)),
    CONSTRAINT network_segment_range_physical_network_known FOREIGN KEY(physical_network) REFERENCES physical_networks (name)
)
 WITH (fillfactor = 90);

CREATE INDEX network_segment_range_physical_network_known_index ON network_segment_ranges (physical_network);

CREATE TABLE observations (
    agent_id UUID NOT NULL,
    network_type VARCHAR(33) COLLATE "C" NOT NULL,
    scope VARCHAR(65) COLLATE "C" NOT NULL,
    segmentation_id BIGINT NOT NULL,
    host VARCHAR(256) COLLATE "C" NOT NULL,
    network_id UUID,
    PRIMARY KEY (agent_id, network_type, scope, segmentation_id),
    CONSTRAINT observation_agent FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE
);

CREATE INDEX observations_host ON observations (host);

CREATE TABLE rbac_policies (
    id UUID NOT NULL,
    description VARCHAR(256) COLLATE "C" NOT NULL,
    object_type VARCHAR(33) COLLATE "C" NOT NULL,
    object_id UUID NOT NULL,
    action VARCHAR(33) COLLATE "C" NOT NULL,
    target_project VARCHAR(256) COLLATE "C" NOT NULL,
    project_id VARCHAR(256) COLLATE "C" NOT NULL,
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT rbac_policy_description_allowed CHECK (char_length(description) BETWEEN 0 AND 255),
    CONSTRAINT rbac_policy_object_type_allowed CHECK (object_type = 'network'),
    CONSTRAINT rbac_policy_action_allowed CHECK (action IN ('access_as_shared', 'access_as_external')),
    CONSTRAINT rbac_policy_target_project_allowed CHECK (char_length(target_project) BETWEEN 1 AND 255),
    CONSTRAINT rbac_policy_project_id_allowed CHECK (char_length(project_id) BETWEEN 0 AND 255),
    CONSTRAINT rbac_policy_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT rbac_policy_unique UNIQUE (object_id, action, target_project),
    CONSTRAINT rbac_policy_network FOREIGN KEY(object_id) REFERENCES networks (id)
)
 WITH (fillfactor = 90);

CREATE INDEX rbac_policies_action_target_project_object_id ON rbac_policies (action, target_project, object_id);

CREATE INDEX rbac_policies_project_id_id ON rbac_policies (project_id, id);

CREATE INDEX rbac_policies_target_project_id ON rbac_policies (target_project, id);

CREATE TABLE reaches (
    agent_id UUID NOT NULL,
    physical_network VARCHAR(65) COLLATE "C" NOT NULL,
    host VARCHAR(256) COLLATE "C" NOT NULL,
    via VARCHAR(256) COLLATE "C" NOT NULL,
    PRIMARY KEY (agent_id, physical_network),
    CONSTRAINT reach_agent FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE,
    CONSTRAINT reach_physical_network_known FOREIGN KEY(physical_network) REFERENCES physical_networks (name)
);

CREATE INDEX reaches_host_physical_network ON reaches (host, physical_network);

CREATE INDEX reaches_physical_network_host ON reaches (physical_network, host);

CREATE TABLE segments (
    id UUID NOT NULL,
    name VARCHAR(256) COLLATE "C",
    description VARCHAR(256) COLLATE "C" NOT NULL,
    network_id UUID NOT NULL,
    network_type VARCHAR(33) COLLATE "C" NOT NULL,
    physical_network VARCHAR(65) COLLATE "C",
    segmentation_id BIGINT,
    segment_index INTEGER NOT NULL,
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    revision_number INTEGER NOT NULL,
    tags TEXT NOT NULL,
    claim_scope VARCHAR(65) COLLATE "C" GENERATED ALWAYS AS (coalesce(physical_network, '')) STORED,
    claim_id BIGINT GENERATED ALWAYS AS (CASE WHEN (network_type IN ('flat', 'vlan', 'vxlan', 'gre', 'geneve')) THEN coalesce(segmentation_id, 0) END) STORED,
    PRIMARY KEY (id),
    CONSTRAINT segment_name_allowed CHECK (name IS NULL OR name IS NOT NULL AND char_length(name) BETWEEN 0 AND 255),
    CONSTRAINT segment_description_allowed CHECK (char_length(description) BETWEEN 0 AND 255),
    CONSTRAINT segment_network_type_allowed CHECK (network_type IN ('local', 'flat', 'vlan', 'vxlan', 'gre', 'geneve')),
    CONSTRAINT segment_physical_network_allowed CHECK (physical_network IS NULL OR physical_network IS NOT NULL AND char_length(physical_network) BETWEEN 1 AND 64),
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
    CONSTRAINT segment_tags_allowed CHECK (tags = '' OR (left(tags, 1) = chr(10) AND right(tags, 1) = chr(10) AND char_length(tags) BETWEEN 3 AND 12801 AND strpos(tags, chr(10) || chr(10)) = 0)),
    CONSTRAINT segment_claim UNIQUE (network_type, claim_scope, claim_id),
    CONSTRAINT segment_index_unique UNIQUE (network_id, segment_index),
    CONSTRAINT segment_network FOREIGN KEY(network_id) REFERENCES networks (id),
    CONSTRAINT segment_physical_network_known FOREIGN KEY(physical_network) REFERENCES physical_networks (name)
)
 WITH (fillfactor = 90);

CREATE INDEX segments_physical_network_id ON segments (physical_network, id);

CREATE INDEX segments_segmentation_id_id ON segments (segmentation_id, id);

CREATE TABLE host_mappings (
    id UUID NOT NULL,
    segment_id UUID NOT NULL,
    host VARCHAR(256) COLLATE "C" NOT NULL,
    mapping VARCHAR(33) COLLATE "C" NOT NULL,
    created_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    revision_number INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT host_mapping_host_allowed CHECK (char_length(host) BETWEEN 1 AND 255),
    CONSTRAINT host_mapping_mapping_allowed CHECK (mapping IN ('included', 'excluded')),
    CONSTRAINT host_mapping_revision_number_allowed CHECK (revision_number BETWEEN 0 AND 2147483647),
    CONSTRAINT host_mapping_unique UNIQUE (segment_id, host),
    CONSTRAINT host_mapping_segment FOREIGN KEY(segment_id) REFERENCES segments (id) ON DELETE CASCADE
)
 WITH (fillfactor = 90);

CREATE INDEX host_mappings_host_segment_id ON host_mappings (host, segment_id);
