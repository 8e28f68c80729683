-- Whether a grant on one area reaches another on a day: over the tree of that day, and over lineage
-- only where the granted area went whole into its successor.
CREATE FUNCTION area_covers(p_granted text, p_target text, p_on date) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH RECURSIVE above AS (
        SELECT s.area_id, s.parent_id
        FROM area_span s
        WHERE s.area_id = p_target AND p_on BETWEEN s.from_on AND coalesce(s.to_on, 'infinity')
        UNION
        SELECT s.area_id, s.parent_id
        FROM above a
        JOIN area_span s ON s.area_id = a.parent_id
        WHERE p_on BETWEEN s.from_on AND coalesce(s.to_on, 'infinity')
    ), heir AS (
        SELECT p_granted AS area_id
        UNION
        SELECT e.to_area_id
        FROM heir h
        JOIN area_succession e ON e.from_area_id = h.area_id
        WHERE e.extent = 'whole' AND e.succeeded_on <= p_on
    )
    SELECT EXISTS (
        SELECT 1 FROM above a JOIN heir h ON h.area_id IN (a.area_id, a.parent_id)
    );
END;
