-- Drafts and verdicts are state, all but their keys; a trigger keeps published sets as they are.
GRANT SELECT, INSERT ON criteria_set, verdict, judged_day, target TO {runtime};
GRANT UPDATE (state, body, resolved, hash, area_kind, designations, valid_from, valid_to,
    is_demonstration, revision, recorded_by) ON criteria_set TO {runtime};
GRANT UPDATE (criteria_set_hash, indicators, criteria, criteria_met, criteria_total,
    indicators_met, indicators_total, verdict_code, is_demonstration, revision, recorded_by)
    ON verdict TO {runtime};
