-- Copies and facts are rebuilt by the worker, so its role may delete them; it still owns nothing. What
-- is only ever replaced or added (spans, pockets, posted lines) it cannot update.
GRANT SELECT, INSERT, DELETE ON
    area_span, area_succession, pocket, posted_transfer, posted_line
TO {runtime};
GRANT SELECT, INSERT, UPDATE, DELETE ON
    organisation, document, criteria_set, programme, result_fact, money_fact, target_fact
TO {runtime};
GRANT EXECUTE ON FUNCTION
    area_tree(text, date),
    area_covers(text, text, date),
    money_areas(text, date),
    results_below(text, date),
    money_parts(text, text, bigint),
    money_held(text[], date, smallint),
    facts_digest()
TO {runtime};
