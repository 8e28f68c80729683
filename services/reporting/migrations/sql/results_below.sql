-- Each commune that a set in force judges, below one area on a day, with the step that holds then.
-- Which communes count follows from the set's designations as of the day, not from who was assessed.
CREATE FUNCTION results_below(p_root text, p_on date)
RETURNS TABLE (
    set_id text, area_id text, child_id text, is_assessed boolean, criteria_met smallint,
    criteria_total smallint, indicators_met smallint, indicators_total smallint, verdict text,
    letters text, is_demonstration boolean
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH in_force AS (
        SELECT DISTINCT ON (s.code)
            s.id, s.code, s.area_kind, s.designations
        FROM criteria_set s
        WHERE s.state = 'published' AND p_on BETWEEN s.from_on AND coalesce(s.to_on, 'infinity')
        ORDER BY s.code, s.from_on DESC, length(s.version) DESC, s.version DESC
    )
    SELECT
        s.id, t.area_id, t.child_id, f.area_id IS NOT NULL, f.criteria_met,
        f.criteria_total, f.indicators_met, f.indicators_total, f.verdict, f.letters,
        f.is_demonstration
    FROM in_force s
    JOIN area_tree(p_root, p_on) t
        ON t.kind = s.area_kind AND t.designation = ANY (s.designations)
    LEFT JOIN LATERAL (
        SELECT r.*
        FROM result_fact r
        WHERE r.area_id = t.area_id AND r.criteria_set = s.code AND r.held_from <= p_on
        ORDER BY r.held_from DESC
        LIMIT 1
    ) f ON true;
END;
