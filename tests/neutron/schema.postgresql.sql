CREATE TYPE network_segment_range_network_type AS ENUM ('vlan', 'vxlan', 'gre', 'geneve');

CREATE TYPE ipv6_ra_modes AS ENUM ('slaac', 'dhcpv6-stateful', 'dhcpv6-stateless');

CREATE TYPE ipv6_address_modes AS ENUM ('slaac', 'dhcpv6-stateful', 'dhcpv6-stateless');

CREATE TABLE agents (
    id character varying(36) NOT NULL,
    agent_type character varying(255) NOT NULL,
    "binary" character varying(255) NOT NULL,
    topic character varying(255) NOT NULL,
    host character varying(255) NOT NULL,
    admin_state_up boolean DEFAULT true NOT NULL,
    created_at timestamp without time zone NOT NULL,
    started_at timestamp without time zone NOT NULL,
    heartbeat_timestamp timestamp without time zone NOT NULL,
    description character varying(255),
    configurations character varying(4095) NOT NULL,
    load integer DEFAULT 0 NOT NULL,
    availability_zone character varying(255),
    resource_versions character varying(8191),
    resources_synced boolean
);

CREATE TABLE alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE externalnetworks (
    network_id character varying(36) NOT NULL,
    is_default boolean DEFAULT false NOT NULL
);

CREATE TABLE ml2_flat_allocations (
    physical_network character varying(64) NOT NULL
);

CREATE TABLE ml2_geneve_allocations (
    geneve_vni integer NOT NULL,
    allocated boolean DEFAULT false NOT NULL
);

CREATE TABLE ml2_gre_allocations (
    gre_id integer NOT NULL,
    allocated boolean DEFAULT false NOT NULL
);

CREATE TABLE ml2_port_binding_levels (
    port_id character varying(36) NOT NULL,
    host character varying(255) NOT NULL,
    level integer NOT NULL,
    driver character varying(64),
    segment_id character varying(36)
);

CREATE TABLE ml2_vlan_allocations (
    physical_network character varying(64) NOT NULL,
    vlan_id integer NOT NULL,
    allocated boolean NOT NULL,
    CONSTRAINT check_ml2_vlan_allocations0vlan_id CHECK (((vlan_id >= 1) AND (vlan_id <= 4094)))
);

CREATE TABLE ml2_vxlan_allocations (
    vxlan_vni integer NOT NULL,
    allocated boolean DEFAULT false NOT NULL
);

CREATE TABLE network_segment_ranges (
    id character varying(36) NOT NULL,
    name character varying(255),
    "default" boolean NOT NULL,
    shared boolean NOT NULL,
    project_id character varying(255),
    network_type network_segment_range_network_type NOT NULL,
    physical_network character varying(64) DEFAULT ''::character varying NOT NULL,
    minimum integer,
    maximum integer,
    standard_attr_id bigint NOT NULL
);

CREATE TABLE networkrbacs (
    id character varying(36) NOT NULL,
    object_id character varying(36) NOT NULL,
    project_id character varying(255),
    target_project character varying(255) NOT NULL,
    action character varying(255) NOT NULL
);

CREATE TABLE networks (
    project_id character varying(255),
    id character varying(36) NOT NULL,
    name character varying(255),
    status character varying(16),
    admin_state_up boolean,
    mtu integer DEFAULT 1500 NOT NULL,
    vlan_transparent boolean,
    standard_attr_id bigint NOT NULL,
    availability_zone_hints character varying(255),
    qinq boolean
);

CREATE TABLE networksegments (
    id character varying(36) NOT NULL,
    network_id character varying(36) NOT NULL,
    network_type character varying(32) NOT NULL,
    physical_network character varying(64),
    segmentation_id integer,
    is_dynamic boolean DEFAULT false NOT NULL,
    segment_index integer DEFAULT 0 NOT NULL,
    standard_attr_id bigint NOT NULL,
    name character varying(255)
);

CREATE TABLE segmenthostmappings (
    segment_id character varying(36) NOT NULL,
    host character varying(255) NOT NULL
);

CREATE TABLE standardattributes (
    id bigint NOT NULL,
    resource_type character varying(255) NOT NULL,
    created_at timestamp without time zone,
    updated_at timestamp without time zone,
    description character varying(255),
    revision_number bigint DEFAULT '0'::bigint NOT NULL
);

CREATE SEQUENCE standardattributes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE subnet_service_types (
    subnet_id character varying(36) NOT NULL,
    service_type character varying(255) NOT NULL
);

CREATE TABLE subnets (
    project_id character varying(255),
    id character varying(36) NOT NULL,
    name character varying(255),
    network_id character varying(36) NOT NULL,
    ip_version integer NOT NULL,
    cidr character varying(64) NOT NULL,
    gateway_ip character varying(64),
    enable_dhcp boolean,
    ipv6_ra_mode ipv6_ra_modes,
    ipv6_address_mode ipv6_address_modes,
    subnetpool_id character varying(36),
    standard_attr_id bigint NOT NULL,
    segment_id character varying(36)
);

ALTER TABLE ONLY standardattributes ALTER COLUMN id SET DEFAULT nextval('standardattributes_id_seq'::regclass);

ALTER TABLE ONLY agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY externalnetworks
    ADD CONSTRAINT externalnetworks_pkey PRIMARY KEY (network_id);

ALTER TABLE ONLY ml2_flat_allocations
    ADD CONSTRAINT ml2_flat_allocations_pkey PRIMARY KEY (physical_network);

ALTER TABLE ONLY ml2_geneve_allocations
    ADD CONSTRAINT ml2_geneve_allocations_pkey PRIMARY KEY (geneve_vni);

ALTER TABLE ONLY ml2_gre_allocations
    ADD CONSTRAINT ml2_gre_allocations_pkey PRIMARY KEY (gre_id);

ALTER TABLE ONLY networksegments
    ADD CONSTRAINT ml2_network_segments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY ml2_port_binding_levels
    ADD CONSTRAINT ml2_port_binding_levels_pkey PRIMARY KEY (port_id, host, level);

ALTER TABLE ONLY ml2_vlan_allocations
    ADD CONSTRAINT ml2_vlan_allocations_pkey PRIMARY KEY (physical_network, vlan_id);

ALTER TABLE ONLY ml2_vxlan_allocations
    ADD CONSTRAINT ml2_vxlan_allocations_pkey PRIMARY KEY (vxlan_vni);

ALTER TABLE ONLY network_segment_ranges
    ADD CONSTRAINT network_segment_ranges_pkey PRIMARY KEY (id);

ALTER TABLE ONLY network_segment_ranges
    ADD CONSTRAINT network_segment_ranges_standard_attr_id_key UNIQUE (standard_attr_id);

ALTER TABLE ONLY networkrbacs
    ADD CONSTRAINT networkrbacs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY networks
    ADD CONSTRAINT networks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY segmenthostmappings
    ADD CONSTRAINT segmenthostmappings_pkey PRIMARY KEY (segment_id, host);

ALTER TABLE ONLY standardattributes
    ADD CONSTRAINT standardattributes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subnet_service_types
    ADD CONSTRAINT subnet_service_types_pkey PRIMARY KEY (subnet_id, service_type);

ALTER TABLE ONLY subnets
    ADD CONSTRAINT subnets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY agents
    ADD CONSTRAINT uniq_agents0agent_type0host UNIQUE (agent_type, host);

ALTER TABLE ONLY network_segment_ranges
    ADD CONSTRAINT uniq_network_segment_ranges UNIQUE ("default", network_type, physical_network, minimum, maximum);

ALTER TABLE ONLY networkrbacs
    ADD CONSTRAINT uniq_networkrbacs0target_project0object_id0action UNIQUE (target_project, object_id, action);

ALTER TABLE ONLY networks
    ADD CONSTRAINT uniq_networks0standard_attr_id UNIQUE (standard_attr_id);

ALTER TABLE ONLY networksegments
    ADD CONSTRAINT uniq_networksegment0network_id0network_type0physnet0sidx UNIQUE (network_id, network_type, physical_network, segment_index);

ALTER TABLE ONLY networksegments
    ADD CONSTRAINT uniq_networksegments0standard_attr_id UNIQUE (standard_attr_id);

ALTER TABLE ONLY subnets
    ADD CONSTRAINT uniq_subnets0standard_attr_id UNIQUE (standard_attr_id);

CREATE TABLE tags (
    standard_attr_id bigint NOT NULL,
    tag character varying(255) NOT NULL
);

ALTER TABLE ONLY tags
    ADD CONSTRAINT tags_pkey PRIMARY KEY (standard_attr_id, tag);
