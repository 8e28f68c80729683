GRANT SELECT, INSERT, UPDATE ON criteria_set TO {runtime};
GRANT SELECT, INSERT, UPDATE ON verdict TO {runtime};
GRANT SELECT, INSERT ON judged_day, target TO {runtime};
