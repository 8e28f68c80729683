GRANT SELECT, INSERT ON observation_import, observation_import_block, observation_import_error
    TO {runtime};
