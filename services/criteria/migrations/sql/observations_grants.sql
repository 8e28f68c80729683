GRANT SELECT, INSERT ON measure TO {runtime};
GRANT UPDATE (name_vi, name_en, unit, minimum, maximum, breakdown, validity, revision)
    ON measure TO {runtime};
GRANT SELECT, INSERT ON observation, sheet TO {runtime};
GRANT USAGE ON SEQUENCE observation_id_seq TO {runtime};
