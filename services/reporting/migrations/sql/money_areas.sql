-- The areas whose money counts for an area on a day: those below it, and those that have ended and
-- went into them (a split one follows its seat), or ended below it without a successor (districts).
-- So what an old commune spent early in a budget year is not lost to the report at the year's end.
CREATE FUNCTION money_areas(p_root text, p_on date)
RETURNS TABLE (area_id text, child_id text, is_ended boolean)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH RECURSIVE tree AS MATERIALIZED (
        SELECT t.area_id, t.child_id FROM area_tree(p_root, p_on) t
    ), origin AS (
        SELECT t.area_id, t.child_id FROM tree t
        UNION
        SELECT e.from_area_id, o.child_id
        FROM origin o
        JOIN area_succession e ON e.to_area_id = o.area_id
        WHERE e.extent <> 'part' AND e.succeeded_on <= p_on
    ), below AS (
        SELECT o.area_id, o.child_id FROM origin o
        UNION
        SELECT s.area_id, b.child_id
        FROM below b
        JOIN area_span s ON s.parent_id = b.area_id
        WHERE s.to_on < p_on
            AND NOT EXISTS (
                SELECT 1 FROM area_span l
                WHERE l.area_id = s.area_id AND l.from_on > s.from_on AND l.from_on <= p_on
            )
            AND NOT EXISTS (
                SELECT 1 FROM area_succession e
                WHERE e.from_area_id = s.area_id AND e.extent <> 'part'
                    AND e.succeeded_on <= p_on
            )
    )
    SELECT DISTINCT ON (b.area_id)
        b.area_id, b.child_id,
        NOT EXISTS (SELECT 1 FROM tree t WHERE t.area_id = b.area_id)
    FROM below b
    ORDER BY b.area_id, b.child_id NULLS FIRST;
END;
