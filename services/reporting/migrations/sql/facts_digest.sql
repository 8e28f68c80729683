-- One hash over every copied and folded row, in key order: equal digests mean equal facts.
CREATE FUNCTION facts_digest() RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH fact (line) AS (
        SELECT concat('area_span', s::text) FROM area_span s
        UNION ALL SELECT concat('area_succession', s::text) FROM area_succession s
        UNION ALL SELECT concat('organisation', o::text) FROM organisation o
        UNION ALL SELECT concat('document', d::text) FROM document d
        UNION ALL SELECT concat('criteria_set', c::text) FROM criteria_set c
        UNION ALL SELECT concat('programme', p::text) FROM programme p
        UNION ALL SELECT concat('pocket', p::text) FROM pocket p
        UNION ALL SELECT concat('result_fact', f::text) FROM result_fact f
        UNION ALL SELECT concat('posted_transfer', t::text) FROM posted_transfer t
        UNION ALL SELECT concat('posted_line', l::text) FROM posted_line l
        UNION ALL SELECT concat('money_fact', m::text) FROM money_fact m
        UNION ALL SELECT concat('target_fact', t::text) FROM target_fact t
    ), hashed (hash) AS (
        SELECT sha256(convert_to(line, 'UTF8')) FROM fact
    )
    SELECT encode(sha256(coalesce(string_agg(hash, ''::bytea ORDER BY hash), ''::bytea)), 'hex')
    FROM hashed;
END;
