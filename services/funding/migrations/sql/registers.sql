-- The local copy of the registers of criteria: what funding must know of areas, organisations, documents.
-- Filled by the feed reader; never the origin of a fact.

CREATE TABLE area_span (
    area_id text NOT NULL,
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    code text NOT NULL,
    kind text NOT NULL,
    designation text NOT NULL,
    name text NOT NULL,
    parent_id text,
    CONSTRAINT pk_area_span PRIMARY KEY (area_id, valid_from)
);
CREATE INDEX ix_area_span_parent_id ON area_span (parent_id);
CREATE INDEX ix_area_span_code ON area_span (code);

CREATE TABLE area_succession (
    area_id text NOT NULL,
    successor_id text NOT NULL,
    extent text NOT NULL CHECK (extent IN ('whole', 'seat_part', 'part')),
    starts_on date NOT NULL,
    CONSTRAINT pk_area_succession PRIMARY KEY (area_id, successor_id)
);
CREATE INDEX ix_area_succession_successor_id ON area_succession (successor_id);

CREATE TABLE organisation (
    id text NOT NULL CONSTRAINT pk_organisation PRIMARY KEY,
    code text,
    name text NOT NULL,
    kind text NOT NULL,
    area_id text NOT NULL,
    valid_from date NOT NULL,
    valid_to date
);

CREATE TABLE document (
    id text NOT NULL CONSTRAINT pk_document PRIMARY KEY,
    number text NOT NULL,
    kind text NOT NULL,
    issuer text NOT NULL,
    title text NOT NULL,
    issued_on date,
    is_demonstration boolean NOT NULL
);

-- The span that places an area on a date: the one in force, else the last one before (an ended area
-- keeps its last place, so its history stays below the parent that it had).
CREATE FUNCTION area_place(p_area_id text, p_on date) RETURNS area_span
LANGUAGE sql STABLE AS $$
    SELECT s FROM area_span s WHERE s.area_id = p_area_id AND s.valid_from <= p_on
    ORDER BY s.valid_from DESC LIMIT 1
$$;

CREATE FUNCTION area_is_in_force(p_area_id text, p_on date) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM area_span s WHERE s.area_id = p_area_id AND s.valid_from <= p_on
                   AND (s.valid_to IS NULL OR s.valid_to >= p_on))
$$;

-- Where an ended area went as a whole; null while it is in force or when it was divided.
CREATE FUNCTION area_whole_successor(p_area_id text, p_on date) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT min(s.successor_id) FROM area_succession s
    WHERE s.area_id = p_area_id AND s.extent = 'whole' AND s.starts_on <= p_on
      AND NOT area_is_in_force(p_area_id, p_on)
    HAVING count(*) = 1
$$;

-- The area above on a date: the whole successor of an ended area, else the parent of its place.
CREATE FUNCTION area_above(p_area_id text, p_on date) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT coalesce(area_whole_successor(p_area_id, p_on), (area_place(p_area_id, p_on)).parent_id)
$$;

-- The area itself and all above it, nearest first; 20 steps end a cycle that the register refuses anyway.
CREATE FUNCTION areas_above(p_area_id text, p_on date) RETURNS TABLE (area_id text, steps integer)
LANGUAGE sql STABLE ROWS 5 AS $$
    WITH RECURSIVE climb (area_id, steps) AS (
        SELECT p_area_id, 0
        UNION ALL
        SELECT area_above(c.area_id, p_on), c.steps + 1 FROM climb c
        WHERE c.steps < 20 AND area_above(c.area_id, p_on) IS NOT NULL
    )
    SELECT c.area_id, c.steps FROM climb c
$$;

CREATE FUNCTION area_is_under(p_area_id text, p_node_id text, p_on date) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM areas_above(p_area_id, p_on) u WHERE u.area_id = p_node_id)
$$;

-- The subtree of an area on a date, each with the child of the root through which it hangs
-- (null for the root itself). Ended areas hang below their whole successor or their last parent.
-- One pass over the register: the whole country costs what a district costs.
CREATE FUNCTION areas_under(p_node_id text, p_on date) RETURNS TABLE (area_id text, branch_id text)
LANGUAGE sql STABLE ROWS 1000 AS $$
    WITH RECURSIVE place AS (
        SELECT DISTINCT ON (s.area_id) s.area_id, s.parent_id, s.valid_to
        FROM area_span s WHERE s.valid_from <= p_on
        ORDER BY s.area_id, s.valid_from DESC
    ), inherited AS (
        SELECT l.area_id, min(l.successor_id) AS successor_id FROM area_succession l
        WHERE l.extent = 'whole' AND l.starts_on <= p_on
        GROUP BY l.area_id HAVING count(*) = 1
    ), edge AS MATERIALIZED (
        SELECT p.area_id,
               CASE WHEN p.valid_to < p_on THEN coalesce(i.successor_id, p.parent_id)
                    ELSE p.parent_id END AS above_id
        FROM place p LEFT JOIN inherited i ON i.area_id = p.area_id
    ), descent (area_id, branch_id, steps) AS (
        SELECT p_node_id, NULL::text, 0
        UNION ALL
        SELECT e.area_id, coalesce(d.branch_id, e.area_id), d.steps + 1
        FROM descent d JOIN edge e ON e.above_id = d.area_id
        WHERE d.steps < 20
    )
    SELECT d.area_id, d.branch_id FROM descent d
$$;
