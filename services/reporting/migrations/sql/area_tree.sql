-- The areas below one area as the hierarchy stood on a day, each with the child of the root it hangs under.
CREATE FUNCTION area_tree(p_root text, p_on date)
RETURNS TABLE (area_id text, child_id text, kind text, designation text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH RECURSIVE tree AS (
        SELECT s.area_id, NULL::text AS child_id, s.kind, s.designation
        FROM area_span s
        WHERE s.area_id = p_root AND p_on BETWEEN s.from_on AND coalesce(s.to_on, 'infinity')
        UNION ALL
        SELECT s.area_id, coalesce(t.child_id, s.area_id), s.kind, s.designation
        FROM tree t
        JOIN area_span s ON s.parent_id = t.area_id
        WHERE p_on BETWEEN s.from_on AND coalesce(s.to_on, 'infinity')
    )
    SELECT tree.area_id, tree.child_id, tree.kind, tree.designation FROM tree;
END;
