-- Append-only for the service: it inserts and reads, and may only name the change that took a row's place.
GRANT SELECT, INSERT ON document, organisation, area_kind, area, area_span, area_attribute,
    area_lineage, area_change, area_change_area, catalogue_load TO {runtime};
GRANT UPDATE (superseded_by) ON area_span, area_attribute, area_lineage TO {runtime};
GRANT UPDATE (revision) ON area TO {runtime};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {runtime};
