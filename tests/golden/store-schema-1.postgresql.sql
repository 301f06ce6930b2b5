CREATE SCHEMA store_of_schema_1;
CREATE FUNCTION store_of_schema_1.ticketing_append(event_streams uuid[], event_versions bigint[], event_topics text[], event_states bytea[], event_stamps timestamp with time zone[], event_kinds text[], command_ids uuid[], command_digests text[], command_streams uuid[], first_versions bigint[], last_versions bigint[], released_kinds text[], released_keys text[], released_streams uuid[], claimed_kinds text[], claimed_keys text[], claimed_streams uuid[], text_digests text[], text_streams uuid[], text_salts bytea[], text_bytes bytea[]) RETURNS bigint
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'auto'
    AS $$
DECLARE
    head bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1953063787, '"store_of_schema_1"."ticketing_events"'::regclass::oid::integer);
    SELECT coalesce(max(notification_id), 0) INTO head FROM "store_of_schema_1"."ticketing_events";
    INSERT INTO "store_of_schema_1"."ticketing_events"
        (originator_id, originator_version, topic, state, notification_id, recorded_at, stream_kind)
    SELECT added.stream_id, added.version, added.topic, added.state, head + added.number, added.stamp, added.kind
    FROM unnest(event_streams, event_versions, event_topics, event_states, event_stamps, event_kinds)
        WITH ORDINALITY AS added (stream_id, version, topic, state, stamp, kind, number);
    INSERT INTO "store_of_schema_1"."ticketing_commands" (command_id, command_digest, stream_id, first_version, last_version)
    SELECT * FROM unnest(command_ids, command_digests, command_streams, first_versions, last_versions);
    DELETE FROM "store_of_schema_1"."ticketing_claims" WHERE (kind, key, stream_id) IN (
        SELECT * FROM unnest(released_kinds, released_keys, released_streams)
    );
    INSERT INTO "store_of_schema_1"."ticketing_claims" (kind, key, stream_id)
    SELECT claimed.kind, claimed.key, claimed.stream_id
    FROM unnest(claimed_kinds, claimed_keys, claimed_streams)
        WITH ORDINALITY AS claimed (kind, key, stream_id, number)
    ORDER BY claimed.number
    ON CONFLICT DO NOTHING;
    INSERT INTO "store_of_schema_1"."ticketing_private_texts" (digest, stream_id, salt, text)
    SELECT * FROM unnest(text_digests, text_streams, text_salts, text_bytes)
    ON CONFLICT DO NOTHING;
    RETURN head;
END
$$;
CREATE FUNCTION store_of_schema_1.ticketing_standing(asked_streams uuid[], asked_commands uuid[], asked_kinds text[], asked_keys text[], OUT head bigint, OUT stamp timestamp with time zone, OUT versions bigint[], OUT known_commands uuid[], OUT held_kinds text[], OUT held_keys text[], OUT held_streams uuid[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'auto'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1953063787, '"store_of_schema_1"."ticketing_events"'::regclass::oid::integer);
    SELECT notification_id, recorded_at INTO head, stamp FROM "store_of_schema_1"."ticketing_events" ORDER BY notification_id DESC LIMIT 1;
    versions := ARRAY(
        SELECT coalesce((SELECT max(originator_version) FROM "store_of_schema_1"."ticketing_events" WHERE originator_id = asked.stream_id), 0)
        FROM unnest(asked_streams) WITH ORDINALITY AS asked (stream_id, number) ORDER BY asked.number
    );
    known_commands := ARRAY(SELECT command_id FROM "store_of_schema_1"."ticketing_commands" WHERE command_id = ANY (asked_commands));
    SELECT array_agg(held.kind ORDER BY held.number), array_agg(held.key ORDER BY held.number),
        array_agg(held.stream_id ORDER BY held.number)
    INTO held_kinds, held_keys, held_streams
    FROM "store_of_schema_1"."ticketing_claims" AS held JOIN unnest(asked_kinds, asked_keys) AS asked (kind, key) USING (kind, key);
END
$$;
CREATE TABLE store_of_schema_1.ticketing_claims (
    number bigint NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    stream_id uuid NOT NULL
);
ALTER TABLE store_of_schema_1.ticketing_claims ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME store_of_schema_1.ticketing_claims_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE store_of_schema_1.ticketing_commands (
    command_id uuid NOT NULL,
    command_digest text NOT NULL,
    stream_id uuid NOT NULL,
    first_version bigint NOT NULL,
    last_version bigint NOT NULL
);
CREATE TABLE store_of_schema_1.ticketing_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    stream_kind text NOT NULL
);
CREATE TABLE store_of_schema_1.ticketing_private_texts (
    digest text NOT NULL,
    stream_id uuid NOT NULL,
    salt bytea,
    text bytea,
    erased_at timestamp with time zone
);
CREATE TABLE store_of_schema_1.ticketing_store (
    number integer NOT NULL,
    schema_version integer NOT NULL,
    key bytea NOT NULL,
    CONSTRAINT ticketing_store_number_check CHECK ((number = 1))
);
CREATE TABLE store_of_schema_1.ticketing_view_backlog_1 (
    ticket_id uuid NOT NULL,
    latest_at timestamp with time zone,
    version bigint,
    opened_at timestamp with time zone,
    closed_at timestamp with time zone,
    manufacturer text,
    model text,
    site text,
    unit_site text,
    channel text,
    source text,
    imported_until timestamp with time zone,
    has_native_facts boolean,
    is_open boolean,
    is_cancelled boolean,
    cycle_opened_at timestamp with time zone,
    custody text,
    work text,
    waits text,
    disputes text
);
CREATE TABLE store_of_schema_1.ticketing_view_complaints_1 (
    ticket_id uuid NOT NULL,
    latest_at timestamp with time zone,
    version bigint,
    opened_at timestamp with time zone,
    closed_at timestamp with time zone,
    manufacturer text,
    model text,
    site text,
    unit_site text,
    channel text,
    source text,
    imported_until timestamp with time zone,
    has_native_facts boolean,
    is_open boolean,
    is_cancelled boolean,
    received_at timestamp with time zone,
    handed_back_at timestamp with time zone,
    first_handed_back_at timestamp with time zone,
    disposed_at timestamp with time zone,
    unit text,
    is_back boolean,
    diagnosing_at timestamp with time zone,
    work text,
    work_ended_at timestamp with time zone,
    first_work_ended_at timestamp with time zone,
    is_done boolean,
    complained_at text
);
CREATE TABLE store_of_schema_1.ticketing_view_first_pass_1 (
    ticket_id uuid NOT NULL,
    latest_at timestamp with time zone,
    version bigint,
    opened_at timestamp with time zone,
    closed_at timestamp with time zone,
    manufacturer text,
    model text,
    site text,
    unit_site text,
    channel text,
    source text,
    imported_until timestamp with time zone,
    has_native_facts boolean,
    is_open boolean,
    is_cancelled boolean,
    presented_at timestamp with time zone,
    passed_first boolean,
    failures bigint
);
CREATE TABLE store_of_schema_1.ticketing_view_turnaround_1 (
    ticket_id uuid NOT NULL,
    latest_at timestamp with time zone,
    version bigint,
    opened_at timestamp with time zone,
    closed_at timestamp with time zone,
    manufacturer text,
    model text,
    site text,
    unit_site text,
    channel text,
    source text,
    imported_until timestamp with time zone,
    has_native_facts boolean,
    is_open boolean,
    is_cancelled boolean,
    received_at timestamp with time zone,
    handed_back_at timestamp with time zone,
    first_handed_back_at timestamp with time zone,
    disposed_at timestamp with time zone,
    unit text,
    is_back boolean,
    diagnosing_at timestamp with time zone,
    work text,
    work_ended_at timestamp with time zone,
    first_work_ended_at timestamp with time zone,
    is_done boolean
);
CREATE TABLE store_of_schema_1.ticketing_views (
    name text NOT NULL,
    version bigint NOT NULL,
    "position" bigint NOT NULL,
    columns text NOT NULL
);
INSERT INTO store_of_schema_1.ticketing_claims OVERRIDING SYSTEM VALUE VALUES (1, 'number', 'N-1', 'd8509909-5aa3-4016-9a67-036f9b540d6b');
INSERT INTO store_of_schema_1.ticketing_claims OVERRIDING SYSTEM VALUE VALUES (2, 'unit', '3b1304b6ee990281e09feb247cbecb289a86e41ccd5e84389385bbcf819f8704', 'd8509909-5aa3-4016-9a67-036f9b540d6b');
INSERT INTO store_of_schema_1.ticketing_claims OVERRIDING SYSTEM VALUE VALUES (3, 'number', 'N-2', 'cb96c4db-adbe-4722-96d5-234a42b24c6b');
INSERT INTO store_of_schema_1.ticketing_claims OVERRIDING SYSTEM VALUE VALUES (4, 'unit', '8f14acca96cd30a89890425c8d05a9c0e5ccd7a380e51cc6a8c8be45bda29786', 'cb96c4db-adbe-4722-96d5-234a42b24c6b');
INSERT INTO store_of_schema_1.ticketing_claims OVERRIDING SYSTEM VALUE VALUES (5, 'number', 'N-3', '54b12eae-62d1-4e88-beb0-766d1877f8c6');
INSERT INTO store_of_schema_1.ticketing_claims OVERRIDING SYSTEM VALUE VALUES (6, 'unit', 'f325dbf3a85c3144eda4aa6c114288dfe763e42b268ed045c0c5082274a1f476', '54b12eae-62d1-4e88-beb0-766d1877f8c6');
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('2b902f89-11e8-4818-b8c9-9d5d5d983195', 'd67111c3c2544347ea291ce68cc313b2b2f2a901edc6e479e0f4d9fc59af24a7', '030d247b-8280-5848-a4ae-df3385506c6b', 1, 1);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('7504d90e-945d-42e8-b54e-e781cc75f636', '0f654697d37cde2560adbb9d3c1c6619b127b8cfbbb7b5c0a9bad710fe1d5afb', 'd8509909-5aa3-4016-9a67-036f9b540d6b', 1, 1);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('8f0be211-2417-4c3d-99f7-3817ce6e118d', '0c9cad101d0c27fc3b1a925ccf8d709195f8eb740f87a0747e42ea00e3f00198', 'd8509909-5aa3-4016-9a67-036f9b540d6b', 2, 2);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('237cb11f-5d10-4cf2-9930-263938b370a1', '17ce0502fb821cca65882f84c3222871aaa83cad95eafbb6396fcfdcb8463289', 'd8509909-5aa3-4016-9a67-036f9b540d6b', 3, 3);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('b5769fa0-f148-4f95-a90d-9df2f130d60f', 'daf11241711d293a87e3f66f32255ddad95ab9b5496a893457feae213ca0d295', 'd8509909-5aa3-4016-9a67-036f9b540d6b', 4, 4);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('ccdaebf9-90d1-4838-b0d7-ec0b3e97818e', '0b3fddcc1c5e5a92a6a6e774f4152734c0f7ee922a3b2d016a7224972ceedbc0', 'cb96c4db-adbe-4722-96d5-234a42b24c6b', 1, 1);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('a4e6ed24-ec63-4a8a-80a1-271e58662792', 'c218f8b68666683f3500c249af763fbb280bd3d6d55d4e39951d97ceee99db79', 'cb96c4db-adbe-4722-96d5-234a42b24c6b', 2, 2);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('8b15442e-e2db-411a-91bf-e39469733a92', '32b521adc0dc60d29145086e6cb838e80ca362ccecd0df3789d1780a39db7aab', 'cb96c4db-adbe-4722-96d5-234a42b24c6b', 3, 3);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('47d58fa3-c550-4830-8372-555fd235f118', 'c48b7b5ba5cf67e3eff4907b0eac3d85c28d610cdc3cd2d0978061620c677e81', 'cb96c4db-adbe-4722-96d5-234a42b24c6b', 4, 4);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('b405420f-b169-479e-9fb5-b9342405157f', 'dca00a3977ebb4c5efaf3f585f44b1e193965efa5e6189ed5650e9aff1da45ff', '54b12eae-62d1-4e88-beb0-766d1877f8c6', 1, 1);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('eff26b50-10af-4177-9161-e79587a766ec', '5068e192c9ade90c88015c6bcdbeba5cce864915b4b88d601b7235e32a8d96a9', '54b12eae-62d1-4e88-beb0-766d1877f8c6', 2, 2);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('27745ccb-9a31-452e-944c-f1b220eaa2c7', 'ab4779f540c23a024a7b9a0f00956eb7e9e13d6ef64635c1105a7bd0b3619fae', '54b12eae-62d1-4e88-beb0-766d1877f8c6', 3, 3);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('fb1b7d3e-3f73-4414-af6e-0d935520dd4c', '2b8e5af0bd1d6c2e9da934ef282ea95d1cd418fe4fab58aba8afbd3bf8623cf0', '54b12eae-62d1-4e88-beb0-766d1877f8c6', 4, 4);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('20edbcba-3acc-4672-884a-b649fcbce49b', 'a486db227751af61c5d15ae6b34bf9ff637b8f634ffce26a745a523173237721', 'd8509909-5aa3-4016-9a67-036f9b540d6b', 5, 5);
INSERT INTO store_of_schema_1.ticketing_commands VALUES ('38bdecfa-ce4a-4d12-908f-391ebc070e83', 'bcbc02f10804ae7e0f50d98920e7002a9b2cfa7d0a255e21d8689040b7631513', '54b12eae-62d1-4e88-beb0-766d1877f8c6', 5, 5);
INSERT INTO store_of_schema_1.ticketing_events VALUES ('030d247b-8280-5848-a4ae-df3385506c6b', 1, 'ticketing:SitePublished', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a2273697465222c226f636375727265645f6174223a22323032362d30332d30325430393a30303a30302e3030303030305a222c226163746f72223a7b226964223a226d2d31222c22726f6c65223a226d616e61676572222c2273697465223a6e756c6c7d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2232623930326638392d313165382d343831382d623863392d396435643564393833313935222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b226b6579223a226e6f727468222c2276657273696f6e223a312c226566666563746976655f66726f6d223a22323032362d30312d30315430303a30303a30302e3030303030305a222c226e616d65223a6e756c6c2c22706172656e74223a6e756c6c2c226b696e64223a226272616e6368222c226f776e657273686970223a226f776e222c226272616e6473223a5b5d2c227a6f6e65223a22555443222c2263616c656e646172223a6e756c6c7d7d', 1, '2026-03-02 14:47:00+05:45', 'site');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('d8509909-5aa3-4016-9a67-036f9b540d6b', 1, 'ticketing:TicketOpened', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a30333a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2237353034643930652d393435642d343265382d623534652d653738316363373566363336222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b226e756d626572223a224e2d31222c2273697465223a226e6f727468222c226368616e6e656c223a22636f756e746572222c22637573746f6d65725f726566223a6e756c6c2c22637573746f6d65725f6b696e64223a22636f6e73756d6572222c226d616e756661637475726572223a2254657373656c222c226d6f64656c223a6e756c6c2c2273657269616c223a6e756c6c2c2273796d70746f6d223a6e756c6c2c2273796d70746f6d5f636f6465223a6e756c6c2c2262617369735f636c61696d6564223a6e756c6c7d7d', 2, '2026-03-02 14:50:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('d8509909-5aa3-4016-9a67-036f9b540d6b', 2, 'ticketing:UnitIdentified', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a30363a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2238663062653231312d323431372d346333642d393966372d333831376365366531313864222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b226d616e756661637475726572223a2254657373656c222c226d6f64656c223a225431222c2273657269616c223a7b226d61746368223a2233623133303462366565393930323831653039666562323437636265636232383961383665343163636435653834333839333835626263663831396638373034222c22646967657374223a2234623565306461386637643733616663636631363432303435386635346135336564353166303535316461373030396631623261373233656630633565646335227d2c226d616e7566616374757265645f6f6e223a6e756c6c7d7d', 3, '2026-03-02 14:53:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('d8509909-5aa3-4016-9a67-036f9b540d6b', 3, 'ticketing:UnitReceived', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a30393a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2232333763623131662d356431302d346366322d393933302d323633393338623337306131222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b2273697465223a226e6f727468222c22636f6e646974696f6e223a6e756c6c2c226163636573736f72696573223a5b5d2c227061706572776f726b5f636f6d706c657465223a747275657d7d', 4, '2026-03-02 14:56:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('d8509909-5aa3-4016-9a67-036f9b540d6b', 4, 'ticketing:NoteRecorded', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a31323a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2262353736396661302d663134382d346639352d613930642d396466326631333064363066222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b22746f706963223a226e6f7465222c2274657874223a7b22646967657374223a2232363038323639353438346439333235393332373337353564656335323464646131316262323538383264346434613832323363343937326663333238373236227d7d7d', 5, '2026-03-02 14:59:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('cb96c4db-adbe-4722-96d5-234a42b24c6b', 1, 'ticketing:TicketOpened', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a31353a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2263636461656266392d393064312d343833382d623064372d656330623365393738313865222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b226e756d626572223a224e2d32222c2273697465223a226e6f727468222c226368616e6e656c223a22636f756e746572222c22637573746f6d65725f726566223a6e756c6c2c22637573746f6d65725f6b696e64223a22636f6e73756d6572222c226d616e756661637475726572223a2254657373656c222c226d6f64656c223a6e756c6c2c2273657269616c223a6e756c6c2c2273796d70746f6d223a6e756c6c2c2273796d70746f6d5f636f6465223a6e756c6c2c2262617369735f636c61696d6564223a6e756c6c7d7d', 6, '2026-03-02 15:02:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('cb96c4db-adbe-4722-96d5-234a42b24c6b', 2, 'ticketing:UnitIdentified', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a31383a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2261346536656432342d656336332d346138612d383061312d323731653538363632373932222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b226d616e756661637475726572223a2254657373656c222c226d6f64656c223a225431222c2273657269616c223a7b226d61746368223a2238663134616363613936636433306138393839303432356338643035613963306535636364376133383065353163633661386338626534356264613239373836222c22646967657374223a2234323462363330656266353931626338316236623736313263663161666363656237323538376239656630356534613335333238656531666432393233623064227d2c226d616e7566616374757265645f6f6e223a6e756c6c7d7d', 7, '2026-03-02 15:05:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('cb96c4db-adbe-4722-96d5-234a42b24c6b', 3, 'ticketing:UnitReceived', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a32313a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2238623135343432652d653264622d343131612d393162662d653339343639373333613932222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b2273697465223a226e6f727468222c22636f6e646974696f6e223a6e756c6c2c226163636573736f72696573223a5b5d2c227061706572776f726b5f636f6d706c657465223a747275657d7d', 8, '2026-03-02 15:08:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('cb96c4db-adbe-4722-96d5-234a42b24c6b', 4, 'ticketing:NoteRecorded', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a32343a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2234376435386661332d633535302d343833302d383337322d353535666432333566313138222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b22746f706963223a226e6f7465222c2274657874223a7b22646967657374223a2238323463626233393561353263646236313430383737393366613838323936373233326665613463333765336638306566333439626362356364343137386233227d7d7d', 9, '2026-03-02 15:11:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('54b12eae-62d1-4e88-beb0-766d1877f8c6', 1, 'ticketing:TicketOpened', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a32373a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2262343035343230662d623136392d343739652d396662352d623933343234303531353766222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b226e756d626572223a224e2d33222c2273697465223a226e6f727468222c226368616e6e656c223a22636f756e746572222c22637573746f6d65725f726566223a6e756c6c2c22637573746f6d65725f6b696e64223a22636f6e73756d6572222c226d616e756661637475726572223a2254657373656c222c226d6f64656c223a6e756c6c2c2273657269616c223a6e756c6c2c2273796d70746f6d223a6e756c6c2c2273796d70746f6d5f636f6465223a6e756c6c2c2262617369735f636c61696d6564223a6e756c6c7d7d', 10, '2026-03-02 15:14:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('54b12eae-62d1-4e88-beb0-766d1877f8c6', 2, 'ticketing:UnitIdentified', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a33303a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2265666632366235302d313061662d343137372d393136312d653739353837613736366563222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b226d616e756661637475726572223a2254657373656c222c226d6f64656c223a225431222c2273657269616c223a7b226d61746368223a2266333235646266336138356333313434656461346161366331313432383864666537363365343262323638656430343563306335303832323734613166343736222c22646967657374223a2230316533646565616633643362316139353262333335353330653638386665663635323231346634363437376138333136366434383162306233663563646134227d2c226d616e7566616374757265645f6f6e223a6e756c6c7d7d', 11, '2026-03-02 15:17:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('54b12eae-62d1-4e88-beb0-766d1877f8c6', 3, 'ticketing:UnitReceived', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a33333a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2232373734356363622d396133312d343532652d393434632d663162323230656161326337222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b2273697465223a226e6f727468222c22636f6e646974696f6e223a6e756c6c2c226163636573736f72696573223a5b5d2c227061706572776f726b5f636f6d706c657465223a747275657d7d', 12, '2026-03-02 15:20:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('54b12eae-62d1-4e88-beb0-766d1877f8c6', 4, 'ticketing:NoteRecorded', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a33363a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2266623162376433652d336637332d343431342d616636652d306439333535323064643463222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b22746f706963223a226e6f7465222c2274657874223a7b22646967657374223a2264343336373834643561306630333236373532363038353131393936366338306465646237393835316134393339323430306134316266653963383130633063227d7d7d', 13, '2026-03-02 15:23:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('d8509909-5aa3-4016-9a67-036f9b540d6b', 5, 'ticketing:RepairStarted', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a33393a30302e3030303030305a222c226163746f72223a7b226964223a22742d37222c22726f6c65223a22746563686e696369616e222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2232306564626362612d336163632d343637322d383834612d623634396663626365343962222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b7d7d', 14, '2026-03-02 15:26:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_events VALUES ('54b12eae-62d1-4e88-beb0-766d1877f8c6', 5, 'ticketing:NoteRecorded', '\x7b22736368656d61223a312c2273747265616d5f6b696e64223a227469636b6574222c226f636375727265645f6174223a22323032362d30332d30325430393a34333a30302e3030303030305a222c226163746f72223a7b226964223a22722d31222c22726f6c65223a22726563657074696f6e697374222c2273697465223a226e6f727468227d2c22736f75726365223a226e6174697665222c22636f6d6d616e645f6964223a2233386264656366612d636534612d346431322d393038662d333931656263303730653833222c226361757365645f6279223a6e756c6c2c22666c616773223a5b5d2c226576656e74223a7b22746f706963223a226e6f7465222c2274657874223a7b22646967657374223a2263643934383865636335636230313731363464646239323539303833313833623063363535663439363730666464373466333062313561333033316165393231227d7d7d', 15, '2026-03-02 15:30:00+05:45', 'ticket');
INSERT INTO store_of_schema_1.ticketing_private_texts VALUES ('4b5e0da8f7d73afccf16420458f54a53ed51f0551da7009f1b2a723ef0c5edc5', 'd8509909-5aa3-4016-9a67-036f9b540d6b', '\x264aad6cb6dd210faf94acd3cf92c190', '\x534e2031', NULL);
INSERT INTO store_of_schema_1.ticketing_private_texts VALUES ('26082695484d932593273755dec524dda11bb25882d4d4a8223c4972fc328726', 'd8509909-5aa3-4016-9a67-036f9b540d6b', '\xcf04bd93f50ae69514da8c659ce2b10c', '\x6e6f746520312053747261c39f65', NULL);
INSERT INTO store_of_schema_1.ticketing_private_texts VALUES ('01e3deeaf3d3b1a952b335530e688fef652214f46477a83166d481b0b3f5cda4', '54b12eae-62d1-4e88-beb0-766d1877f8c6', '\x30e4037458a9905cad87bd4c77e2983f', '\x534e2033', NULL);
INSERT INTO store_of_schema_1.ticketing_private_texts VALUES ('d436784d5a0f03267526085119966c80dedb79851a49392400a41bfe9c810c0c', '54b12eae-62d1-4e88-beb0-766d1877f8c6', '\x2147738606f2bf7ec70209e0cd05ee57', '\x6e6f746520332053747261c39f65', NULL);
INSERT INTO store_of_schema_1.ticketing_private_texts VALUES ('424b630ebf591bc81b6b7612cf1afcceb72587b9ef05e4a35328ee1fd2923b0d', 'cb96c4db-adbe-4722-96d5-234a42b24c6b', NULL, NULL, '2026-03-02 15:27:00+05:45');
INSERT INTO store_of_schema_1.ticketing_private_texts VALUES ('824cbb395a52cdb614087793fa882967232fea4c37e3f80ef349bcb5cd4178b3', 'cb96c4db-adbe-4722-96d5-234a42b24c6b', NULL, NULL, '2026-03-02 15:27:00+05:45');
INSERT INTO store_of_schema_1.ticketing_private_texts VALUES ('cd9488ecc5cb017164ddb9259083183b0c655f49670fdd74f30b15a3031ae921', '54b12eae-62d1-4e88-beb0-766d1877f8c6', '\xe8180a6bd4f43a2afffcd3c12ef89057', '\x6c61746572', NULL);
INSERT INTO store_of_schema_1.ticketing_store VALUES (1, 1, '\x38b4e652e44da7f2370d9e260e27136550a4a3a6d07f5c0c332f8b1224083fd2');
INSERT INTO store_of_schema_1.ticketing_view_backlog_1 VALUES ('d8509909-5aa3-4016-9a67-036f9b540d6b', '2026-03-02 15:24:00+05:45', 5, '2026-03-02 14:48:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, '2026-03-02 14:48:00+05:45', 'in_house', 'repairing', '[]', '[]');
INSERT INTO store_of_schema_1.ticketing_view_backlog_1 VALUES ('cb96c4db-adbe-4722-96d5-234a42b24c6b', '2026-03-02 15:09:00+05:45', 4, '2026-03-02 15:00:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, '2026-03-02 15:00:00+05:45', 'in_house', 'idle', '[]', '[]');
INSERT INTO store_of_schema_1.ticketing_view_backlog_1 VALUES ('54b12eae-62d1-4e88-beb0-766d1877f8c6', '2026-03-02 15:21:00+05:45', 4, '2026-03-02 15:12:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, '2026-03-02 15:12:00+05:45', 'in_house', 'idle', '[]', '[]');
INSERT INTO store_of_schema_1.ticketing_view_complaints_1 VALUES ('d8509909-5aa3-4016-9a67-036f9b540d6b', '2026-03-02 15:24:00+05:45', 5, '2026-03-02 14:48:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, '2026-03-02 14:54:00+05:45', NULL, NULL, NULL, 'in', false, NULL, 'repairing', NULL, NULL, false, '[]');
INSERT INTO store_of_schema_1.ticketing_view_complaints_1 VALUES ('cb96c4db-adbe-4722-96d5-234a42b24c6b', '2026-03-02 15:09:00+05:45', 4, '2026-03-02 15:00:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, '2026-03-02 15:06:00+05:45', NULL, NULL, NULL, 'in', false, NULL, 'idle', NULL, NULL, false, '[]');
INSERT INTO store_of_schema_1.ticketing_view_complaints_1 VALUES ('54b12eae-62d1-4e88-beb0-766d1877f8c6', '2026-03-02 15:21:00+05:45', 4, '2026-03-02 15:12:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, '2026-03-02 15:18:00+05:45', NULL, NULL, NULL, 'in', false, NULL, 'idle', NULL, NULL, false, '[]');
INSERT INTO store_of_schema_1.ticketing_view_first_pass_1 VALUES ('d8509909-5aa3-4016-9a67-036f9b540d6b', '2026-03-02 15:24:00+05:45', 5, '2026-03-02 14:48:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, NULL, false, 0);
INSERT INTO store_of_schema_1.ticketing_view_first_pass_1 VALUES ('cb96c4db-adbe-4722-96d5-234a42b24c6b', '2026-03-02 15:09:00+05:45', 4, '2026-03-02 15:00:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, NULL, false, 0);
INSERT INTO store_of_schema_1.ticketing_view_first_pass_1 VALUES ('54b12eae-62d1-4e88-beb0-766d1877f8c6', '2026-03-02 15:21:00+05:45', 4, '2026-03-02 15:12:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, NULL, false, 0);
INSERT INTO store_of_schema_1.ticketing_view_turnaround_1 VALUES ('d8509909-5aa3-4016-9a67-036f9b540d6b', '2026-03-02 15:24:00+05:45', 5, '2026-03-02 14:48:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, '2026-03-02 14:54:00+05:45', NULL, NULL, NULL, 'in', false, NULL, 'repairing', NULL, NULL, false);
INSERT INTO store_of_schema_1.ticketing_view_turnaround_1 VALUES ('cb96c4db-adbe-4722-96d5-234a42b24c6b', '2026-03-02 15:09:00+05:45', 4, '2026-03-02 15:00:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, '2026-03-02 15:06:00+05:45', NULL, NULL, NULL, 'in', false, NULL, 'idle', NULL, NULL, false);
INSERT INTO store_of_schema_1.ticketing_view_turnaround_1 VALUES ('54b12eae-62d1-4e88-beb0-766d1877f8c6', '2026-03-02 15:21:00+05:45', 4, '2026-03-02 15:12:00+05:45', NULL, 'Tessel', 'T1', 'north', 'north', 'counter', NULL, NULL, true, true, false, '2026-03-02 15:18:00+05:45', NULL, NULL, NULL, 'in', false, NULL, 'idle', NULL, NULL, false);
INSERT INTO store_of_schema_1.ticketing_views VALUES ('turnaround', 1, 14, 'ticket_id id,latest_at instant,version integer,opened_at instant,closed_at instant,manufacturer text,model text,site text,unit_site text,channel text,source text,imported_until instant,has_native_facts boolean,is_open boolean,is_cancelled boolean,received_at instant,handed_back_at instant,first_handed_back_at instant,disposed_at instant,unit text,is_back boolean,diagnosing_at instant,work text,work_ended_at instant,first_work_ended_at instant,is_done boolean');
INSERT INTO store_of_schema_1.ticketing_views VALUES ('first_pass', 1, 14, 'ticket_id id,latest_at instant,version integer,opened_at instant,closed_at instant,manufacturer text,model text,site text,unit_site text,channel text,source text,imported_until instant,has_native_facts boolean,is_open boolean,is_cancelled boolean,presented_at instant,passed_first boolean,failures integer');
INSERT INTO store_of_schema_1.ticketing_views VALUES ('complaints', 1, 14, 'ticket_id id,latest_at instant,version integer,opened_at instant,closed_at instant,manufacturer text,model text,site text,unit_site text,channel text,source text,imported_until instant,has_native_facts boolean,is_open boolean,is_cancelled boolean,received_at instant,handed_back_at instant,first_handed_back_at instant,disposed_at instant,unit text,is_back boolean,diagnosing_at instant,work text,work_ended_at instant,first_work_ended_at instant,is_done boolean,complained_at json');
INSERT INTO store_of_schema_1.ticketing_views VALUES ('backlog', 1, 14, 'ticket_id id,latest_at instant,version integer,opened_at instant,closed_at instant,manufacturer text,model text,site text,unit_site text,channel text,source text,imported_until instant,has_native_facts boolean,is_open boolean,is_cancelled boolean,cycle_opened_at instant,custody text,work text,waits json,disputes json');
ALTER TABLE ONLY store_of_schema_1.ticketing_claims
    ADD CONSTRAINT ticketing_claims_kind_key_stream_id_key UNIQUE (kind, key, stream_id);
ALTER TABLE ONLY store_of_schema_1.ticketing_claims
    ADD CONSTRAINT ticketing_claims_pkey PRIMARY KEY (number);
ALTER TABLE ONLY store_of_schema_1.ticketing_commands
    ADD CONSTRAINT ticketing_commands_pkey PRIMARY KEY (command_id);
ALTER TABLE ONLY store_of_schema_1.ticketing_events
    ADD CONSTRAINT ticketing_events_pkey PRIMARY KEY (originator_id, originator_version);
ALTER TABLE ONLY store_of_schema_1.ticketing_private_texts
    ADD CONSTRAINT ticketing_private_texts_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY store_of_schema_1.ticketing_store
    ADD CONSTRAINT ticketing_store_pkey PRIMARY KEY (number);
ALTER TABLE ONLY store_of_schema_1.ticketing_view_backlog_1
    ADD CONSTRAINT ticketing_view_backlog_1_pkey PRIMARY KEY (ticket_id);
ALTER TABLE ONLY store_of_schema_1.ticketing_view_complaints_1
    ADD CONSTRAINT ticketing_view_complaints_1_pkey PRIMARY KEY (ticket_id);
ALTER TABLE ONLY store_of_schema_1.ticketing_view_first_pass_1
    ADD CONSTRAINT ticketing_view_first_pass_1_pkey PRIMARY KEY (ticket_id);
ALTER TABLE ONLY store_of_schema_1.ticketing_view_turnaround_1
    ADD CONSTRAINT ticketing_view_turnaround_1_pkey PRIMARY KEY (ticket_id);
ALTER TABLE ONLY store_of_schema_1.ticketing_views
    ADD CONSTRAINT ticketing_views_pkey PRIMARY KEY (name, version);
CREATE UNIQUE INDEX ticketing_events_position ON store_of_schema_1.ticketing_events USING btree (notification_id);
CREATE INDEX ticketing_events_reference ON store_of_schema_1.ticketing_events USING btree (stream_kind, originator_id, originator_version) WHERE (stream_kind <> 'ticket'::text);
